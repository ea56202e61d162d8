from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http.request import HttpHeaders
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import services
from accounts.errors import Unauthenticated
from accounts.http import device_behind, device_of
from accounts.models import Session, User
from accounts.permissions import Member


def bearer(request: Request) -> str | None:
    """The token of `Authorization: Bearer ...`; None without such a header."""
    return token_in(get_authorization_header(request))


def token_in(header: bytes) -> str | None:
    kind, _space, token = header.partition(b" ")
    return token.strip().decode("latin-1") if kind.lower() == b"bearer" else None


def for_members(begin: Callable[..., Callable[[], Any]]) -> Callable[..., tuple[Session, Callable[[], Any]]]:
    """`begin`, which takes a call, a user and names, for `hazesite.quick`: with whom the token names."""

    def signed_in(call: dict[str, Any], *names: str) -> tuple[Session, Callable[[], Any]]:
        token = token_in(call.get("HTTP_AUTHORIZATION", "").encode("latin-1"))
        session = _session_behind(token or "", partial(_device_in, call))
        Member.require(session.user)
        return session, begin(call, session.user, *names)

    return signed_in


def _session_behind(token: str, device: Callable[[], services.Device]) -> Session:
    session = services.authenticate(token)
    services.note_seen(session, device)
    return session


def _device_in(call: dict[str, Any]) -> services.Device:
    return device_behind(HttpHeaders(call), call.get("REMOTE_ADDR"))


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        token = bearer(request)
        if token is None:
            return None
        session = _session_behind(token, partial(device_of, request))
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class OptionalBearer(BearerAuthentication):
    """For views that do without: a bad token counts as none."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        try:
            return super().authenticate(request)
        except Unauthenticated:
            return None


class RefreshableBearer(BaseAuthentication):
    """For the refresh view, which judges the token itself."""

    def authenticate(self, request: Request) -> None:
        return None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


__all__ = [
    "BearerAuthentication", "OptionalBearer", "RefreshableBearer", "Unauthenticated", "bearer", "for_members",
]  # fmt: skip
