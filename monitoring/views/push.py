from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.http import device_of
from hazesite.api import JsonBody, parsed
from monitoring import inputs
from monitoring import serializers as s
from monitoring.services import push
from monitoring.types.push import NO_NEWS
from monitoring.views import examples
from monitoring.views.envelope import answer_errors_in_both, refusals, success


class PushViews(ViewSet):
    """For whoever knows the token in the address, as with Uptime Kuma: their scripts need not be changed."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    parser_classes = [JsonBody, FormParser, MultiPartParser]

    def get_exception_handler(self) -> Any:
        return answer_errors_in_both

    @extend_schema(
        parameters=[inputs.PushIn],
        responses={200: s.PushOut, **refusals(400, 404, 429)},
        examples=[examples.PUSHED],
    )
    def by_query(self, request: Request, token: str) -> Response:
        """A sign of life: `?status=up&msg=OK&ping=12`."""
        return _take(request, token, request.query_params)

    @extend_schema(
        parameters=[inputs.PushIn],
        request=inputs.PushIn,
        responses={200: s.PushOut, **refusals(400, 404, 429)},
        examples=[examples.PUSHED],
    )
    def by_body(self, request: Request, token: str) -> Response:
        """The same with a body, as JSON or as a form; the address may hold it as well."""
        return _take(request, token, request.query_params, request.data)


def _take(request: Request, token: str, *given: Any) -> Response:
    """Who says in any of them that it is down is believed; of the rest the last one that says it counts."""
    signs = [parsed(inputs.PushIn, one.dict() if isinstance(one, QueryDict) else one) for one in given]
    up = all(sign["status"] != "down" for sign in signs)
    message, ms = (_last(sign.get(name) for sign in signs) for name in ("msg", "ping"))
    push.take_sign(token, device_of(request).address, up=up, message=message or NO_NEWS, ms=ms)
    return success(None, ok=True)


def _last(said: Iterable[Any]) -> Any:
    return next((one for one in reversed(list(said)) if one not in (None, "", NO_NEWS)), None)
