from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpResponseRedirect
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import tokens
from accounts.discord_login import pages, services
from accounts.errors import BadState, DiscordLoginOff
from accounts.http import device_of
from accounts.models import LoginAttempt
from hazesite.api import parsed
from hazesite.errors import Refused
from hazesite.schema import refusals

Platform = LoginAttempt.Platform
SAID = ("code", "state", "error", "error_description")
"""What counts of a callback's query: nothing else gets further."""


class WayOutQuery(serializers.Serializer[dict[str, Any]]):
    platform = serializers.ChoiceField(
        [Platform.WEB, Platform.ANDROID, Platform.IOS], default=Platform.WEB, help_text="Where to end."
    )


class WayOutOut(serializers.Serializer[dict[str, Any]]):
    auth_url = serializers.URLField(help_text="Discord's page; good for ten minutes, once.")


class BackToApp(HttpResponseRedirect):
    """To the app's address, which may have a scheme of its own."""

    allowed_schemes = ["http", "https", urlsplit(settings.MOBILE_APP_URL).scheme]


class DiscordLoginViews(ViewSet):
    """Signing in with Discord."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(
        auth=[], parameters=[WayOutQuery], responses={200: WayOutOut, **refusals(400, 429, DiscordLoginOff)}
    )
    def auth(self, request: Request) -> Response:
        """Where to send somebody who wants to sign in with Discord."""
        query = parsed(WayOutQuery, request.query_params.dict())
        begun = services.begin(query["platform"], device_of(request).address)
        return Response({"auth_url": begun.auth_url})

    @extend_schema(
        auth=[],
        parameters=[OpenApiParameter("code"), OpenApiParameter("state"), OpenApiParameter("error")],
        responses={302: OpenApiResponse(description="To the app, with `?token=` or `?error=<code>`.")},
    )
    def callback(self, request: Request) -> HttpResponseRedirect:
        """Where Discord sends people back to."""
        said = {name: request.query_params[name] for name in SAID if name in request.query_params}
        try:
            attempt = services.take(said.get("state", ""))
        except BadState as refused:
            return _back(Platform.WEB, error=refused.code)
        if attempt.platform == Platform.ADMIN:
            return pages.enter(request._request, attempt, said)
        try:
            session = services.hand_over(attempt, said, device_of(request))
        except Refused as refused:
            return _back(attempt.platform, error=refused.code)
        return _back(attempt.platform, token=tokens.issue(session))


def _back(platform: str, **answer: str) -> HttpResponseRedirect:
    """The one list of addresses that people are sent to. What they have of a query stays."""
    place = urlsplit(settings.WEB_APP_URL if platform == Platform.WEB else settings.MOBILE_APP_URL)
    query = urlencode([*parse_qsl(place.query), *answer.items()])
    return BackToApp(urlunsplit(place._replace(query=query)))
