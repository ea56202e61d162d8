"""What the OpenAPI document says of every operation."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from django.utils import translation
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from hazesite.errors import Refused
from hazesite.fields import Text

SENTENCES = {
    400: "The input is not valid; nothing was changed.",
    401: "The token is missing, expired or revoked.",
    403: "This role may not do that.",
    404: "Unknown, or not visible to this user.",
    408: "The body was too long under way.",
    409: "The state of things does not allow it.",
    410: "It was deleted.",
    412: "It changed meanwhile: `If-Match` is stale.",
    413: "The body is too large.",
    415: "Files of this kind are not taken.",
    416: "There is no such part of the file.",
    429: "Too many requests; `Retry-After` says for how long.",
    502: "Another service did not take it.",
    503: "A needed service is down.",
}
USUAL = {
    400: "invalid",
    401: "unauthorized",
    403: "not_allowed",
    404: "not_found",
    413: "too_large",
    416: "range_not_satisfiable",
    429: "too_many_requests",
}
"""The code of a status where nothing more is said."""
HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}},
    "429": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
A_REQUEST = "3f0c9b1de8a45c27"


class ErrorOut(serializers.Serializer[dict[str, Any]]):
    """The shape of every error under `/api`."""

    error = serializers.CharField(help_text="A sentence for a person.")
    code = serializers.CharField(help_text="For programs; never changes.")
    request_id = serializers.CharField(help_text="The `X-Request-ID` of the answer, for whoever reads logs.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="What is wrong with which field of the input, by its place, as `tags.0`.",
    )


def refusals(*expected: int | type[Refused]) -> dict[int, OpenApiResponse]:
    """For `extend_schema(responses=...)`: statuses with their usual code, and refusals with theirs."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for one in expected:
        if isinstance(one, int):
            usual = USUAL.get(one)
            found[one] |= {usual: ""} if usual else {}
        else:
            with translation.override("en"):
                found[one.status][one.code] = str(one.message)
    return {status: _refusal(status, codes) for status, codes in found.items()}


def _refusal(status: int, codes: dict[str, str]) -> OpenApiResponse:
    examples = [OpenApiExample(code, _said(code, said)) for code, said in codes.items() if said]
    named = ", ".join(f"`{code}`" for code in codes)
    return OpenApiResponse(ErrorOut, f"{SENTENCES[status]} {named}".strip(), examples)


def _said(code: str, sentence: str) -> dict[str, Any]:
    return {"error": sentence, "code": code, "request_id": A_REQUEST}


class Operation(AutoSchema):
    """Tags by the first part of the path, names by method and path, and who may call it."""

    def get_operation_id(self) -> str:
        words = re.findall(r"[a-z_]+", self._place().replace("-", "_"))
        return "_".join([self.method.lower(), *words])

    def get_summary(self) -> str | None:
        first, _newline, _rest = super().get_description().partition("\n")
        return first or None

    def get_description(self) -> str:  # type: ignore[override]  # the library's own has none either
        return f"{super().get_description()}\n\nFor {self._whom()}."

    def get_tags(self) -> list[str]:
        return [self._place().split("/")[0]]

    def get_extensions(self) -> dict[str, Any]:
        return {**super().get_extensions(), "x-for": self._whom()}

    def _place(self) -> str:
        return self.path.removeprefix("/api/").removeprefix("/")

    def _whom(self) -> str:
        [permission] = self.view.get_permissions()
        return str(getattr(permission, "whom", "everybody"))

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # a page is an object around its list, whatever the action is called

    def _get_request_body(self, direction: Any = "request") -> Any:
        """As it is written: the library knows no body of a DELETE, and in a PATCH nothing that is needed."""
        method = self.method
        if method in ("DELETE", "PATCH"):
            self.method = "POST"
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = method

    def _get_response_headers_for_code(self, status_code: str, direction: Any = "response") -> Any:
        return super()._get_response_headers_for_code(status_code, direction) | HEADERS.get(status_code, {})

    def _get_serializer_field_meta(self, field: Any, direction: Any) -> Any:
        meta = super()._get_serializer_field_meta(field, direction)
        if isinstance(field, Text):
            meta.pop("minLength", None)
        if isinstance(meta.get("default"), dict):
            del meta["default"]  # few programs that read documents know a default that is no single value
        return meta

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        if not isinstance(field, Text):  # of these all has been said
            super()._insert_field_validators(field, schema)
