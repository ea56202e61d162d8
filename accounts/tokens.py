"""Tokens as text. simplejwt is the codec; what a token is worth, the session row says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from accounts.models import Session

ISSUER = AUDIENCE = "hazebot"
REFRESH_WINDOW = timedelta(days=7)
MONITORING_TTL = timedelta(days=90)
MAX_LENGTH = 4096
NO_DISCORD = "legacy_user"


class BadToken(Exception):
    """Forged, expired, or not a token."""


@dataclass(frozen=True)
class Claims:
    session: str
    generation: int
    expires_at: float


def ttl(kind: str) -> timedelta:
    return MONITORING_TTL if kind == Session.Kind.MONITORING else settings.JWT_TTL


def issue(session: Session) -> str:
    """The token of the session's current generation: the same text however often it is asked for."""
    user, issued_at = session.user, int(session.generation_at.timestamp())
    return _codec().encode(
        {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": issued_at,
            "exp": expires_at(session),
            "jti": f"{session.key}.{session.generation}",
            "token_type": "access",
            "user": user.username,
            "user_id": user.user_id,
            "role": user.role.value,
            "permissions": user.permissions,
            "session_id": session.key,
            "gen": session.generation,
        }
    )


def expires_at(session: Session) -> int:
    """When its current token expires, in seconds since the epoch."""
    return int(session.generation_at.timestamp()) + int(ttl(session.kind).total_seconds())


def read(token: str, *, late: timedelta = timedelta()) -> Claims:
    """Raises `BadToken`. `late`: how long ago it may have expired."""
    if not token or len(token) > MAX_LENGTH:
        raise BadToken
    try:
        claims: dict[str, Any] = _codec(late).decode(token)  # type: ignore[arg-type]  # its type is too narrow
        return Claims(str(claims["session_id"]), int(claims["gen"]), float(claims["exp"]))
    except (TokenBackendError, KeyError, TypeError, ValueError) as error:
        raise BadToken from error


def _codec(leeway: timedelta = timedelta()) -> TokenBackend:
    return TokenBackend("HS256", settings.JWT_KEY, audience=AUDIENCE, issuer=ISSUER, leeway=leeway)
