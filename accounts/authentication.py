from __future__ import annotations

from functools import partial

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import services
from accounts.errors import Unauthenticated
from accounts.http import device_of
from accounts.models import Session, User


def bearer(request: Request) -> str | None:
    """The token of `Authorization: Bearer ...`; None without such a header."""
    kind, _space, token = get_authorization_header(request).partition(b" ")
    return token.strip().decode("latin-1") if kind.lower() == b"bearer" else None


class BearerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        token = bearer(request)
        if token is None:
            return None
        session = services.authenticate(token)
        services.note_seen(session, partial(device_of, request))
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


__all__ = ["BearerAuthentication", "OptionalBearer", "RefreshableBearer", "Unauthenticated", "bearer"]
