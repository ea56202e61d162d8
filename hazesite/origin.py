"""Where what is being done comes from: each door says so as it lets somebody in, for the audit log."""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass


@dataclass
class Origin:
    """`door` is `api`, `admin`, `web`, `socket`, `discord`, `command` or `system` (a job, the clocks)."""

    door: str = "system"
    address: str | None = None
    request_id: str = ""
    recorded: int = 0
    """How many entries of the log have come of it so far."""


_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current() -> Origin:
    return _origin.get() or Origin()


def enter(door: str, address: str | None = None, request_id: str = "") -> Token[Origin | None]:
    """From now on, in this task or thread, until `leave` or the next `enter`."""
    return _origin.set(Origin(door, address, request_id))


def leave(token: Token[Origin | None]) -> None:
    _origin.reset(token)
