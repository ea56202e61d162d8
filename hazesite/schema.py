"""What the OpenAPI document says of every operation."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

SENTENCES = {
    400: "The input is not valid; nothing was changed.",
    401: "The token is missing, expired or revoked.",
    403: "This role may not do that.",
    404: "Unknown, or not visible to this user.",
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


class ErrorOut(serializers.Serializer[dict[str, Any]]):
    """The shape of every error under `/api`."""

    error = serializers.CharField(help_text="A sentence for a person.")
    code = serializers.CharField(help_text="For programs; never changes.")
    request_id = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


def refusals(*statuses: int) -> dict[int, OpenApiResponse]:
    """For `extend_schema(responses=...)`."""
    return {status: OpenApiResponse(ErrorOut, SENTENCES[status]) for status in statuses}


class Operation(AutoSchema):
    """Tags by the first part of the path, names by method and path."""

    def get_operation_id(self) -> str:
        words = re.findall(r"[a-z_]+", self.path.removeprefix("/api/").replace("-", "_"))
        return "_".join([self.method.lower(), *words])

    def get_summary(self) -> str | None:
        first, _newline, _rest = self.get_description().partition("\n")
        return first or None

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/").split("/")[0]]
