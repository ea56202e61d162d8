"""The fields of a monitor's settings that the site has no general ones for."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hazesite.fields import Text, unfit

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MAX_HEADERS, MAX_OPTIONS = 30, 8000
MOST_VALUE, MOST_CODES = 4000, 200
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_HEADER_VALUE = r"^[\t\u0020-\u007e\u0080-\u00ff]*\Z"
# These say where a request ends; the one who sends it sets them.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"})
_RANGE = r" *[1-5][0-9]{2} *(?:- *[1-5][0-9]{2} *)?"
_CODES = rf"^{_RANGE}(?:,{_RANGE})*\Z"
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


class Url(Text):
    """Its shape is the document's to forbid; whether there can be such a host is not."""

    pattern = r"^(?:[Hh][Tt][Tt][Pp][Ss]?://[^\s\u0000-\u001f\u007f\u0085\ufeff\\/?#]+(?:[/?#][^\s\u0000-\u001f\u007f\u0085\ufeff\\]*)?)?\Z"
    default_error_messages = {
        "invalid": _("It needs an address that begins with http:// or https://."),
        "with_password": _("No name or password in an address: use the header Authorization."),
    }

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if value and (flaw := _flaw_of(value)):
            raise unfit(self.error_messages[flaw])


def _flaw_of(url: str) -> str:
    try:
        parts = httpx.URL(url)
        port = urlsplit(url).port  # it knows how large one can be
    except (httpx.InvalidURL, ValueError):
        return "invalid"
    if parts.userinfo:
        return "with_password"
    return "" if is_host(parts.host) and port != 0 else "invalid"


class Host(Text):
    pattern = r"^[^\s\u0000-\u001f\u007f\u0085\ufeff\\/?#@%]*\Z"
    default_error_messages = {"invalid": _("It needs the name or the address of a host, nothing else.")}

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).removeprefix("[").removesuffix("]")

    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if value and not is_host(value):
            raise unfit(self.error_messages["invalid"])


def is_host(host: str) -> bool:
    """Of names in other scripts what the network calls them. No zone of an IPv6 address: it is link-local."""
    with suppress(ValueError):
        return "%" not in host and bool(ipaddress.ip_address(host))
    with suppress(UnicodeError):
        name = host.encode("idna").decode("ascii").removesuffix(".")
        return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))
    return False


def _in_schema(pattern: str) -> str:
    return pattern.replace(r"\Z", "$")


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MAX_HEADERS,
        "additionalProperties": {
            "type": "string",
            "nullable": True,
            "maxLength": MOST_VALUE,
            "pattern": _in_schema(_HEADER_VALUE),
        },
    }
)
class Headers(serializers.Field[Any, Any, Any, Any]):
    """By name. Their values may be secrets: they are never given back."""

    default_error_messages = {
        "not_an_object": _("It needs an object: names of headers and their texts."),
        "too_many": _("At most {most} headers."),
        "name": _("No header can be called {name!r}."),
        "framing": _("{name} is set by whoever sends the request."),
        "value": _("The value of {name} must be one line of at most 4000 characters."),
    }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(data) > MAX_HEADERS:
            self.fail("too_many", most=MAX_HEADERS)
        for name, value in data.items():
            if value is not None and not _is_value(value):
                self.fail("value", name=_plain(name))
        for name, value in data.items():
            self._check(str(name), value)
        return dict(data)

    def _check(self, name: str, value: str | None) -> None:
        """What the API's document does not forbid."""
        if not _HEADER_NAME.fullmatch(name):
            self._unfit("name", _plain(name))
        if name.casefold() in _FRAMING:
            self._unfit("framing", name)
        if value is None:
            self._unfit("value", name)

    def _unfit(self, problem: str, name: str) -> NoReturn:
        raise unfit(str(self.error_messages[problem]).format(name=name))

    def to_representation(self, value: Any) -> Any:
        return value


def _is_value(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_VALUE and bool(re.match(_HEADER_VALUE, value))


def _plain(name: Any) -> str:
    return str(name)[:100].encode("ascii", "replace").decode()


_ONE_CODE = {"type": "integer", "minimum": 100, "maximum": 599}
_SOME_CODES = {"type": "string", "maxLength": MOST_CODES, "pattern": _in_schema(_CODES)}


@extend_schema_field(
    {
        "anyOf": [
            _SOME_CODES,
            _ONE_CODE,
            {"type": "array", "minItems": 1, "maxItems": 100, "items": {"anyOf": [_SOME_CODES, _ONE_CODE]}},
        ]
    }
)
class StatusCodes(serializers.Field[Any, Any, Any, Any]):
    """Codes and ranges as `200-299,401`; one number, or a list of them, will do too."""

    default_error_messages = {
        "not_codes": _("It needs codes from 100 to 599 and ranges of them, as 200-299,401."),
    }

    def to_internal_value(self, data: Any) -> str:
        parts = data if isinstance(data, list) else [data]
        if not 0 < len(parts) <= 100 or not all(_are_codes(part) for part in parts):
            self.fail("not_codes")
        codes = ",".join(str(part) for part in parts).replace(" ", "")
        if len(codes) > MOST_CODES or any(_is_backwards(part) for part in codes.split(",")):
            raise unfit(self.error_messages["not_codes"])
        return codes

    def to_representation(self, value: Any) -> Any:
        return value


def _are_codes(part: Any) -> bool:
    if isinstance(part, str):
        return len(part) <= MOST_CODES and bool(re.match(_CODES, part))
    return isinstance(part, int) and not isinstance(part, bool) and 100 <= part <= 599


def _is_backwards(codes: str) -> bool:
    first, _dash, last = codes.partition("-")
    return first > (last or first)


@extend_schema_field({"type": "object", "additionalProperties": {}})
class Options(serializers.Field[Any, Any, Any, Any]):
    """What only the type knows; the type judges it."""

    default_error_messages = {
        "not_an_object": _("It needs an object."),
        "too_large": _("That is too much, or nested too deeply."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        try:
            text = json.dumps(data)
        except (TypeError, ValueError, RecursionError):
            raise self._too_large() from None
        if len(text) > MAX_OPTIONS or "\\u0000" in text or _depth(data) > 6:
            raise self._too_large()
        return dict(data)

    def _too_large(self) -> serializers.ValidationError:
        return unfit(self.error_messages["too_large"])

    def to_representation(self, value: Any) -> Any:
        return value


def _depth(value: Any, so_far: int = 0) -> int:
    if so_far > 6 or not isinstance(value, (dict, list)):
        return so_far
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
    return max((_depth(one, so_far + 1) for one in inner), default=so_far + 1)
