"""What every API view of the site shares: bodies, the error envelope, keyset pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, TypeVar

import orjson
import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from hazesite.envelope import envelope
from hazesite.errors import BodyTooLarge, Invalid, NotFound, Refused, Unfit
from hazesite.fields import UNFIT, Asked, Shaped

logger = structlog.get_logger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
M = TypeVar("M", bound=Model)
T = TypeVar("T")
DEFAULT_LIMIT, MAX_LIMIT, MAX_TOTAL = 50, 200, 1000
CURSOR = r"^[0-9]{1,17}-[0-9]{1,18}\Z"
"""A row's microseconds since 1970 and its primary key."""


# --- bodies ------------------------------------------------------------------
class JsonBody(BaseParser):
    """Reads JSON; an empty body is an empty object."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            body = stream.read()
            return orjson.loads(body) if body.strip(b" \t\r\n") else {}
        except orjson.JSONDecodeError as error:
            raise exceptions.ParseError(_("The body is not valid JSON.")) from error


class Json(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class AlwaysJson(BaseContentNegotiation):
    """The API speaks JSON whatever `Accept` says: an old client's `text/html` is no reason for a 406."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        content_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


# --- errors ------------------------------------------------------------------
def refusal(refused: Refused) -> dict[str, Any]:
    """The body for a refusal, over REST; sockets send the same without `request_id`."""
    return envelope(str(refused), refused.code, **refused.details)


def answer_errors(error: Exception, context: dict[str, Any]) -> Response:
    """Give every error under `/api` the shape clients expect; an unforeseen one is logged whole."""
    if isinstance(error, Refused):
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return Response(refusal(error), status=error.status, headers=headers)
    if isinstance(error, exceptions.ValidationError):
        return answer_errors(refused_by(error), context)
    if isinstance(error, exceptions.APIException):
        return _framework_error(error)
    if isinstance(error, Http404):
        return answer_errors(NotFound(), context)
    if isinstance(error, PermissionDenied):
        return answer_errors(exceptions.PermissionDenied(), context)
    if isinstance(error, RequestDataTooBig):
        return answer_errors(BodyTooLarge(), context)
    if isinstance(error, SuspiciousOperation):
        return answer_errors(Invalid(), context)
    return _unforeseen(error)


def refused_by(error: exceptions.ValidationError) -> Refused:
    """The same as a refusal: `Unfit` where nothing is wrong but what no document can know, else `Invalid`."""
    fields = flat_errors(error.detail)
    kind = Unfit if set(_codes(error.get_codes())) == {UNFIT} else Invalid
    return kind(first_of(fields), fields=fields)


def first_of(fields: Mapping[str, Sequence[str]]) -> str:
    """One sentence for a person who is shown no fields."""
    name, messages = next(iter(fields.items()))
    return messages[0] if name == "body" else f"{name}: {messages[0]}"


def _codes(nested: Any) -> Iterator[str]:
    if isinstance(nested, str):
        yield nested
    else:
        for inner in nested.values() if isinstance(nested, dict) else nested:
            yield from _codes(inner)


def flat_errors(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten the framework's nested errors to `{"categories.0.title": ["..."]}`."""
    nested = _nested(detail)
    if not nested:
        messages = detail if isinstance(detail, list) else [detail]
        return {prefix or "body": [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, value in nested.items():
        found |= flat_errors(value, ".".join(part for part in (prefix, name) if part))
    return found


def _nested(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return {"" if key == "non_field_errors" else str(key): value for key, value in detail.items()}
    if isinstance(detail, list) and any(isinstance(part, (dict, list)) for part in detail):
        return {str(place): part for place, part in enumerate(detail) if part}
    return {}


def _framework_error(error: exceptions.APIException) -> Response:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, int(wait)))
    code = error.default_code if error.default_code != "error" else "server_error"
    return Response(envelope(str(error.detail), code), status=error.status_code, headers=headers)


def _unforeseen(error: Exception) -> Response:
    logger.error("request_failed", exc_info=error)
    if isinstance(error, (OperationalError, InterfaceError)):
        sentence = _("The database cannot answer right now. Try again in a moment.")
        return Response(envelope(sentence, "database_unavailable"), status=503, headers={"Retry-After": "2"})
    return Response(envelope(_("Something went wrong on our side."), "server_error"), status=500)


# --- pages -------------------------------------------------------------------
class PageQuery(serializers.Serializer[dict[str, Any]]):
    """`?limit=` and `?cursor=` of a list."""

    limit = Asked(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = Shaped(CURSOR, required=False, default=None, help_text="The `next_cursor` of the page before.")


class Keyset(Generic[M]):
    """Pages of a queryset, newest first by one column, ties broken by primary key.

    A page is found by an index range, so it costs the same at any depth and is stable under inserts.
    """

    def __init__(self, rows: QuerySet[M], column: str) -> None:
        self.rows, self.column = rows, column

    def page(self, limit: int, cursor: str | None) -> tuple[list[M], str | None]:
        """The rows after `cursor` and the next cursor (None at the end). `Invalid` for a broken cursor."""
        rows = self.rows.order_by(f"-{self.column}", "-pk")
        if cursor:
            value, pk = self._place(cursor)
            rows = rows.filter(
                Q(**{f"{self.column}__lte": value}),
                Q(**{f"{self.column}__lt": value}) | Q(**{self.column: value, "pk__lt": pk}),
            )
        return cut(list(rows[: limit + 1]), limit, self.column)

    def _place(self, cursor: str) -> tuple[Any, int]:
        if not re.match(CURSOR, cursor, re.ASCII):
            raise Invalid(_("The cursor is not one of ours."), fields={"cursor": [_("Not valid.")]})
        microseconds, _dash, pk = cursor.partition("-")
        return EPOCH + timedelta(microseconds=int(microseconds)), int(pk)


def cut(found: list[T], limit: int, column: str) -> tuple[list[T], str | None]:
    """A page of one row more than it holds: that row only says that there is a next page."""
    if len(found) <= limit:
        return found, None
    return found[:limit], _cursor(found[limit - 1], column)


def _cursor(row: Any, column: str) -> str:
    microseconds = (getattr(row, column) - EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{row.pk}"


def bounded_total(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted to 1000 and no further."""
    return rows.order_by()[:MAX_TOTAL].count()


def parsed(serializer: type[serializers.Serializer[Any]], data: Any, **context: Any) -> dict[str, Any]:
    """The checked input of a view. Raises the framework's `ValidationError`."""
    if not context:
        with suppress(exceptions.ValidationError):  # an instance of its own says it as the framework does
            return dict(_shared(serializer).run_validation(data))
    given = serializer(data=data, context=context)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


@cache
def _shared(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """One for everybody: checking changes nothing in it, and each instance copies all its fields."""
    return serializer()
