"""What is asked over HTTP: an answer, a text in it, a value in its JSON."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar

import jsonpath_ng
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from jsonpath_ng.ext.parser import ExtendedJsonPathParser
from rest_framework import serializers

from hazesite.fields import Flag, Strict, Text, Whole
from monitoring.types.base import Context, Failed, MonitorType, Result, Watched
from monitoring.types.socketio import token_for
from monitoring.types.tls import expiry, require_days
from monitoring.web_requests import Page, Wanted, request

ANSWER_LENGTH = 1000
COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "contains")
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class OfWeb(Strict):
    max_redirects = Whole(min_value=0, max_value=10, required=False)
    ignore_certificate = Flag(required=False)
    certificate_days = Whole(min_value=1, max_value=365, required=False)


class OfKeyword(OfWeb):
    invert = Flag(required=False, help_text="Up while the text is not there.")


class OfJson(OfWeb):
    path = Text(max_length=500, help_text="Of the value: `checks.memory.status`.")
    comparison = serializers.ChoiceField(COMPARISONS, required=False)
    expected = serializers.JSONField(allow_null=True)

    def validate_path(self, value: str) -> str:
        try:
            parsed(value)
        except Exception as error:  # the parser raises plain exceptions
            raise serializers.ValidationError(_("It is no JSONPath.")) from error
        return value

    def validate_expected(self, value: Any) -> Any:
        if isinstance(value, (dict, list)):
            raise serializers.ValidationError(_("It must be a text, a number, true, false or null."))
        return value


class Http(MonitorType):
    """Up while the answer has an expected status."""

    name = "http"
    title: ClassVar[str | Promise] = "HTTP(S)"
    needs: ClassVar[Sequence[str]] = ("url",)
    options = OfWeb

    async def check(self, watched: Watched, context: Context) -> Result:
        wanted = Wanted.of(watched, await token_for(watched, context))
        codes = ranges(watched.expected_status)
        if all(low >= 300 and high <= 399 for low, high in codes):
            wanted = wanted.following_nothing()
        page = await request(context.connections, wanted)
        expires_at = expiry(page.certificate)
        facts: dict[str, Any] = {
            "status_code": page.status,
            "answer": page.text[:ANSWER_LENGTH],
            "certificate_expires_at": expires_at,
        }
        if not any(low <= page.status <= high for low, high in codes):
            raise Failed(f"The answer is {page.status}, expected {watched.expected_status}", **facts)
        if trouble := self.trouble(page, watched):
            raise Failed(trouble, **facts)
        require_days(expires_at, watched.options.get("certificate_days"), context.now())
        return Result(is_up=True, **facts)

    def trouble(self, page: Page, watched: Watched) -> str:
        """What is wrong with an answer whose status is right; empty: nothing."""
        if watched.expected_text and watched.expected_text not in page.text:
            return f"The text is not there: {watched.expected_text[:200]}"
        return ""


class Keyword(Http):
    """Up while a text is in the answer, or is not."""

    name = "keyword"
    title = _("Keyword")
    needs = ("url", "expected_text")
    options = OfKeyword

    def trouble(self, page: Page, watched: Watched) -> str:
        is_there, unwanted = watched.expected_text in page.text, watched.options.get("invert", False)
        if is_there != unwanted:
            return ""
        return f"The text is {'there' if unwanted else 'not there'}: {watched.expected_text[:200]}"


class Json(Http):
    """Up while a value in the answer compares as it should. Of several values one is enough."""

    name = "json"
    title = "JSON"
    options = OfJson

    def trouble(self, page: Page, watched: Watched) -> str:
        path, expected = watched.options["path"], watched.options["expected"]
        comparison = watched.options.get("comparison", "==")
        if not page.is_whole:
            return "The answer is too large to be read"
        try:
            whole = json.loads(page.text)
        except (ValueError, RecursionError):
            return "The answer is no JSON"
        found = [match.value for match in parsed(path).find(whole)]
        if not found:
            return f"There is nothing at {path}"
        if any(compares(one, comparison, expected) for one in found):
            return ""
        return f"{path} is {json.dumps(found[0])[:200]}, expected {comparison} {json.dumps(expected)}"


def compares(found: Any, comparison: str, expected: Any) -> bool:
    """Numbers and texts that look like them are compared as numbers, `true` as a text is true."""
    if comparison == "contains":
        return expected in found if isinstance(found, list) else _text(expected) in _text(found)
    if comparison in ("==", "!="):
        return (found == expected or _text(found) == _text(expected)) == (comparison == "==")
    with suppress(TypeError, ValueError):
        return ORDERS[comparison](float(found), float(expected))
    return ORDERS[comparison](_text(found), _text(expected))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@lru_cache(maxsize=1024)
def parsed(path: str) -> jsonpath_ng.JSONPath:
    return ExtendedJsonPathParser().parse(path)


@lru_cache(maxsize=1024)
def ranges(codes: str) -> tuple[tuple[int, int], ...]:
    """`200-299,401` as pairs of the first and the last."""
    pairs = [part.partition("-") for part in codes.replace(" ", "").split(",") if part]
    return tuple((int(low), int(high or low)) for low, _dash, high in pairs)
