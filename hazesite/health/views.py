"""`/api/health` as a page of Django's: for the document, and for servers that know no `Front`."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hazesite.health import answers
from hazesite.schema import refusals

STATUSES = ("ok", "degraded", "unhealthy")
MOMENT = {"timestamp": "2026-01-05T10:30:00.123456Z", "service": answers.SERVICE, "version": "1.0.0"}
BASIC = {"status": "ok", **MOMENT, "environment": "production"}
WELL = {
    "memory": {"status": "ok", "usage_percent": 45.2, "available_gb": 12.5},
    "cpu": {"status": "ok", "usage_percent": 15.3},
    "cache": {"status": "ok", "type": "redis"},
    "workers": {"status": "ok", "count": 1},
}
ILL = {
    "memory": {"status": "warning", "usage_percent": 92.5, "available_gb": 1.2},
    "cache": {"status": "error", "type": "redis", "message": "Not reachable"},
}


class HealthCheckOut(serializers.Serializer[dict[str, Any]]):
    """And the facts of the check: `usage_percent`, `active_count`, `enabled` and the like."""

    status = serializers.ChoiceField(["ok", "warning", "error"])
    message = serializers.CharField(required=False)


class HealthOut(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(STATUSES)
    timestamp = serializers.DateTimeField()
    service = serializers.CharField()
    version = serializers.CharField()
    environment = serializers.ChoiceField(["development", "production"])
    checks = serializers.DictField(child=HealthCheckOut(), required=False, help_text="With `detailed=true`.")


class HealthView(APIView):
    """No sign-in, no limit; kept by nobody."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(
        auth=[],
        parameters=[
            OpenApiParameter("detailed", bool, description="With every check, and 503 if one fails.")
        ],
        responses={
            200: OpenApiResponse(
                HealthOut,
                "All is well.",
                [OpenApiExample("basic", BASIC), OpenApiExample("detailed", BASIC | {"checks": WELL})],
            ),
            **refusals(400),
            503: OpenApiResponse(
                HealthOut,
                "`degraded`: a warning, or one or two errors. `unhealthy`: more. Only with `detailed=true`.",
                [OpenApiExample("degraded", BASIC | {"status": "degraded", "checks": ILL})],
            ),
        },
    )
    def get(self, request: Request) -> Response:
        """Whether the API answers, and with `detailed=true` how everything around it is."""
        query = request.META.get("QUERY_STRING", "").encode("latin-1")
        status, body = async_to_sync(answers.respond)("/api/health", query)
        return Response(body, status=status)
