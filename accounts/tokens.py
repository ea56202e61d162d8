"""Tokens as text. simplejwt is the codec; what a token is worth, the session row says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from accounts.models import Session

ISSUER = AUDIENCE = "hazebot"
REFRESH_WINDOW = timedelta(days=7)
MONITORING_TTL = timedelta(days=90)
HANDOVER_TTL, HANDOVER_WINDOW = timedelta(minutes=5), timedelta(minutes=15)
"""Of the token in a redirect: what stays in a browser's history is soon worth nothing."""
MAX_LENGTH = 4096
VERIFIED = 4096
"""Tokens whose signature is not computed again, of those seen last."""
NO_DISCORD = "legacy_user"
HANDOVER = "handover"


class BadToken(Exception):
    """Forged, expired, or not a token."""


@dataclass(frozen=True)
class Claims:
    session: str
    generation: int
    expires_at: float
    is_handover: bool


def ttl(kind: str) -> timedelta:
    """How long a token of such a sign-in is a bearer."""
    short = {Session.Kind.MONITORING: MONITORING_TTL, Session.Kind.HANDOVER: HANDOVER_TTL}
    return short.get(Session.Kind(kind), settings.JWT_TTL)


def refresh_window(kind: str) -> timedelta:
    """For how long after that it can be refreshed."""
    windows = {Session.Kind.LOGIN: REFRESH_WINDOW, Session.Kind.HANDOVER: HANDOVER_WINDOW}
    return windows.get(Session.Kind(kind), timedelta())


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
            "token_type": HANDOVER if session.kind == Session.Kind.HANDOVER else "access",
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
    claims = _verified(token, late)
    if claims.is_handover:
        late = min(late, HANDOVER_WINDOW)
    if claims.expires_at + late.total_seconds() <= time.time():
        raise BadToken
    return claims


@lru_cache(VERIFIED)
def _verified(token: str, late: timedelta) -> Claims:
    """What a token says, once its signature was found good: of that, only its age can change."""
    try:
        claims: dict[str, Any] = _codec(late).decode(token)  # type: ignore[arg-type]  # its type is too narrow
        is_handover = claims.get("token_type") == HANDOVER
        return Claims(str(claims["session_id"]), int(claims["gen"]), float(claims["exp"]), is_handover)
    except (TokenBackendError, KeyError, TypeError, ValueError) as error:
        raise BadToken from error


def _codec(leeway: timedelta = timedelta()) -> TokenBackend:
    return TokenBackend("HS256", settings.JWT_KEY, audience=AUDIENCE, issuer=ISSUER, leeway=leeway)
