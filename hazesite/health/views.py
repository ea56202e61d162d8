"""What `Front` answers, as pages of Django's: for the document, and for servers that know no `Front`."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hazesite.errors import Refused
from hazesite.health import answers
from hazesite.metrics import page as metrics
from hazesite.schema import refusals


class NotInTime(Refused):
    status = 503
    code = "unavailable"
    message = _("The figures could not be put together in time.")


UP_OR_DOWN = ("up", "down")
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


class LiveOut(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(["alive"])
    timestamp = serializers.DateTimeField()
    uptime_seconds = serializers.FloatField(help_text="Of this process.")


class ProbeOut(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    message = serializers.CharField()


class ReadyOut(LiveOut):
    status = serializers.ChoiceField(["ready", "not_ready"])
    checks = serializers.DictField(child=ProbeOut(), help_text="`database`, `redis` and the like.")


class MachineOut(serializers.Serializer[dict[str, Any]]):
    cpu_percent = serializers.FloatField()
    memory_percent = serializers.FloatField()
    disk_percent = serializers.FloatField()


class QueriesOut(serializers.Serializer[dict[str, Any]]):
    connections_created = serializers.IntegerField()
    connections_closed = serializers.IntegerField()
    total_queries = serializers.IntegerField()
    failed_queries = serializers.IntegerField()
    success_rate = serializers.FloatField()
    status = serializers.ChoiceField(UP_OR_DOWN)


class RedisOut(serializers.Serializer[dict[str, Any]]):
    status = serializers.ChoiceField(UP_OR_DOWN)


class FiguresOut(serializers.Serializer[dict[str, Any]]):
    timestamp = serializers.DateTimeField()
    uptime_seconds = serializers.FloatField()
    system = MachineOut()
    database = QueriesOut(required=False, help_text="Absent where the engine counts nothing.")
    redis = RedisOut()


class Beside(APIView):
    """No sign-in, no limit; kept by nobody."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def answer(self, request: Request) -> Response:
        query = request.META.get("QUERY_STRING", "").encode("latin-1")
        status, body = async_to_sync(answers.respond)(request.path, query)
        return Response(body, status=status)


class LiveView(Beside):
    @extend_schema(auth=[], responses={200: OpenApiResponse(LiveOut, "This process answers.")})
    def get(self, request: Request) -> Response:
        """Whether this process is alive: nothing is asked for it."""
        return self.answer(request)


class ReadyView(Beside):
    @extend_schema(
        auth=[],
        responses={
            200: OpenApiResponse(ReadyOut, "It can serve."),
            503: OpenApiResponse(ReadyOut, "`not_ready`: database, migrations or Redis are not there."),
        },
    )
    def get(self, request: Request) -> Response:
        """Whether this process can serve; each check has a second at most."""
        return self.answer(request)


class FiguresView(Beside):
    @extend_schema(auth=[], responses={200: OpenApiResponse(FiguresOut, "What was counted.")})
    def get(self, request: Request) -> Response:
        """Figures of the machine and of this process. `/metrics` has those of the whole site."""
        return self.answer(request)


class MetricsView(Beside):
    @extend_schema(
        auth=[],
        responses={
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, "In the text format of Prometheus."),
            **refusals(NotInTime),
        },
    )
    def get(self, _request: Request) -> HttpResponse:
        """What Prometheus reads: docs/health.md names every figure."""
        text = async_to_sync(metrics.text)()
        if text is None:
            raise NotInTime
        return HttpResponse(text, content_type=metrics.CONTENT_TYPE)


class HealthView(Beside):
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
        return self.answer(request)
