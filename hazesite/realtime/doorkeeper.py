"""Who is at a socket. `accounts` fills this in: the sockets know no user model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext_lazy as _

from hazesite.errors import Refused


class Unauthorized(Refused):
    status = 401
    code = "unauthorized"
    message = _("Sign in first.")


@dataclass(frozen=True)
class Identity:
    """A person at a socket, as of the moment they came in."""

    user_id: int
    name: str
    role: str
    session: str
    """The sign-in behind it: of a token, or of a cookie of the staff pages."""
    expires_at: float
    """Seconds since the epoch."""


class Doorkeeper(Protocol):
    """All methods read the database; call them through `db_call`."""

    def by_token(self, token: str) -> Identity:
        """Raises `Unauthorized`."""

    def by_cookie(self, cookies: dict[str, str]) -> Identity:
        """Raises `Unauthorized`."""

    def person(self, identity: Identity) -> Any:
        """The user as they are now. Raises `Unauthorized` when their sign-in has ended."""

    def gone(self, identities: Collection[Identity]) -> set[Identity]:
        """Those whose sign-in has ended, who were blocked, or whose role changed. One query a kind."""


_doorkeeper: Doorkeeper | None = None


def appoint(doorkeeper: Doorkeeper) -> None:
    global _doorkeeper
    _doorkeeper = doorkeeper


def doorkeeper() -> Doorkeeper:
    if _doorkeeper is None:
        raise RuntimeError("no app has appointed a doorkeeper")
    return _doorkeeper
