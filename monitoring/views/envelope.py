"""The envelope of the monitors' part of the API: `status`, `data`, `message`, `timestamp`.

Errors have the keys of the site's own envelope as well, so one client can read both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from accounts.viewsets import RoleViewSet
from hazesite import schema
from hazesite.api import answer_errors
from hazesite.errors import NotFound, Refused
from hazesite.schema import ErrorOut
from monitoring.serializers import ERROR, SUCCESS

SOME_TIME = "2026-11-28T08:15:30.123456Z"


def success(
    data: Any,
    *,
    message: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **beside: Any,
) -> Response:
    """`beside`: what stands beside `data`, as the `next_cursor` of a list."""
    body = {"status": "success", "data": data, "message": message, "timestamp": timezone.now(), **beside}
    return Response(body, status=status, headers=headers)


def answer_errors_in_both(error: Exception, context: dict[str, Any]) -> Response:
    answer = answer_errors(error, context)
    answer.data = {**answer.data, **_both(answer.data["error"], timezone.now())}
    return answer


def _both(sentence: str, now: object) -> dict[str, Any]:
    return {"status": "error", "data": None, "message": sentence, "timestamp": now}


class EnvelopeViews(RoleViewSet):
    def get_exception_handler(self) -> Callable[..., Response]:
        return answer_errors_in_both


def key_of(text: str) -> int:
    """The primary key in an address. Raises `NotFound` for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)


# --- for the OpenAPI document ------------------------------------------------
class BothErrorsOut(ErrorOut):
    """The shape of every error of the monitors' part: both envelopes in one."""

    status = serializers.ChoiceField(ERROR)
    data = serializers.JSONField(allow_null=True)  # type: ignore[assignment]
    message = serializers.CharField()
    timestamp = serializers.DateTimeField()


def refusals(*expected: int | type[Refused]) -> dict[int, OpenApiResponse]:
    """As the site's own, with both envelopes."""
    return {status: _with_both(answer) for status, answer in schema.refusals(*expected).items()}


def _with_both(answer: OpenApiResponse) -> OpenApiResponse:
    examples = [
        OpenApiExample(one.name, {**one.value, **_both(one.value["error"], SOME_TIME)})
        for one in answer.examples
    ]
    return OpenApiResponse(BothErrorsOut, answer.description, examples)


@cache
def one(out: type[serializers.Serializer[Any]]) -> Any:
    return _envelope(out, out())


@cache
def many(out: type[serializers.Serializer[Any]]) -> Any:
    cursor = serializers.CharField(allow_null=True, help_text="For the next page; null at the end.")
    return _envelope(out, out(many=True), "List", next_cursor=cursor)


@cache
def nothing() -> Any:
    return inline_serializer(
        "NothingAnswer", _shared() | {"data": serializers.JSONField(allow_null=True, help_text="Null.")}
    )


def _envelope(out: type[serializers.Serializer[Any]], data: Any, suffix: str = "", **beside: Any) -> Any:
    name = re.sub(r"Out$", "", out.__name__) + suffix + "Answer"
    return inline_serializer(name, _shared() | {"data": data} | beside)


def _shared() -> dict[str, Any]:
    return {
        "status": serializers.ChoiceField(SUCCESS),
        "message": serializers.CharField(allow_null=True),
        "timestamp": serializers.DateTimeField(),
    }
