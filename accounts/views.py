from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts import examples, monitoring_tokens, services, tokens
from accounts import serializers as s
from accounts.authentication import OptionalBearer, RefreshableBearer, bearer
from accounts.errors import AddressNotAllowed, TokenReused, Unauthenticated, WrongCredentials, WrongSecret
from accounts.http import MemberRequest, device_of
from accounts.models import Session, User
from accounts.permissions import AnyToken, Member
from hazesite.api import Keyset, PageQuery, parsed
from hazesite.schema import refusals


class LoginViews(ViewSet):
    """Getting a token."""

    permission_classes = [AllowAny]
    authentication_classes = [RefreshableBearer]

    @extend_schema(
        examples=examples.LOGIN,
        auth=[],
        request=s.LoginIn,
        responses={200: s.TokenOut, **refusals(400, WrongCredentials, 429)},
    )
    def login(self, request: Request) -> Response:
        """Sign in with a user name and a password."""
        body = parsed(s.LoginIn, request.data)
        session = services.sign_in(device=device_of(request), **body)
        return Response(s.TokenOut(session).data)

    @extend_schema(
        examples=[examples.SIGNED_IN], request=None, responses={200: s.TokenOut, **refusals(401, TokenReused)}
    )
    def refresh(self, request: Request) -> Response:
        """A new token for the one in the header, which may have expired at most seven days ago."""
        token = bearer(request)
        if token is None:
            raise Unauthenticated
        return Response(s.TokenOut(services.refresh(token)).data)


class MonitoringTokenViews(ViewSet):
    permission_classes = [AllowAny]
    authentication_classes = [OptionalBearer]

    @extend_schema(
        auth=[{}, {"bearer": []}],  # type: ignore[list-item]  # the library takes objects too
        request=s.MonitoringTokenIn,
        responses={200: s.MonitoringTokenOut, **refusals(400, 401, WrongSecret, 403, AddressNotAllowed, 429)},
    )
    def issue(self, request: Request) -> Response:
        """A read-only token of 90 days for uptime monitors: with the shared secret, or as an admin."""
        body = parsed(s.MonitoringTokenIn, request.data)
        asker = request.user if isinstance(request.user, User) else None
        session = monitoring_tokens.issue(body["secret"], asker, device_of(request))
        expires = datetime.fromtimestamp(tokens.expires_at(session), UTC).date()
        return Response({"token": tokens.issue(session), "expires": expires.isoformat()})


class TokenViews(ViewSet):
    """Asking about a token: monitoring tokens may too."""

    request: MemberRequest
    permission_classes = [AnyToken]

    @extend_schema(request=None, responses={200: s.VerifiedOut, **refusals(401)})
    def verify(self, request: MemberRequest) -> Response:
        """Whether the token in the header is good. `GET` is what NGINX's `auth_request` sends."""
        return Response({"valid": True, **_without_valid(s.VerifiedOut(request.auth).data)})

    @extend_schema(responses={200: s.DoneOut, **refusals(401)})
    def ping(self, request: MemberRequest) -> Response:
        """Whether the API answers to this token."""
        return Response({"success": True, "message": "pong"})


class SessionViews(ViewSet):
    """One's own sign-ins."""

    request: MemberRequest
    permission_classes = [Member]

    @extend_schema(request=None, responses={200: s.DoneOut, **refusals(401, 403)})
    def logout(self, request: MemberRequest) -> Response:
        """End this sign-in: every token of it is dead at once."""
        services.end_session(request.auth)
        return Response({"success": True, "message": "Signed out"})

    @extend_schema(parameters=[PageQuery], responses={200: s.SessionsOut, **refusals(400, 401, 403)})
    def list(self, request: MemberRequest) -> Response:
        """One's own live sign-ins, last used first."""
        query = parsed(PageQuery, request.query_params.dict())
        page, cursor = Keyset(Session.objects.live().filter(user=request.user), "last_seen_at").page(**query)
        out = s.SessionOut(page, many=True, context={"current": request.auth.pk})
        return Response({"sessions": out.data, "next_cursor": cursor})

    @extend_schema(request=None, responses={200: s.DoneOut, **refusals(401, 403, 404)})
    def end(self, request: MemberRequest, key: str) -> Response:
        """End one of one's own sign-ins."""
        services.end_own_session(request.user, key)
        return Response({"success": True, "message": "Session ended"})


class ProfileViews(ViewSet):
    request: MemberRequest
    permission_classes = [Member]

    @extend_schema(examples=examples.ME, responses={200: s.UserOut, **refusals(401, 403)})
    def me(self, request: MemberRequest) -> Response:
        """Oneself."""
        return Response(s.UserOut(request.user).data)


def _without_valid(data: Any) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "valid"}
