from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hazesite.events import Event


@dataclass(frozen=True)
class SessionStarted(Event):
    type = "session.started"

    session_id: int
    user_id: int


@dataclass(frozen=True)
class SessionEnded(Event):
    type = "session.ended"

    session_id: int
    user_id: int
    reason: str


@dataclass(frozen=True)
class AccessChanged(Event):
    """`before` and `after` are `role`, `granted_role` and `blocked`. Without an actor: the environment."""

    type = "user.access_changed"

    user_id: int
    actor_id: int | None
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class SignedOutByStaff(Event):
    type = "user.signed_out_by_staff"

    user_id: int
    actor_id: int
    count: int


@dataclass(frozen=True)
class PersonAdded(Event):
    type = "user.added"

    user_id: int
    actor_id: int | None
    role: str


@dataclass(frozen=True)
class PasswordSetByStaff(Event):
    type = "user.password_set_by_staff"

    user_id: int
    actor_id: int


@dataclass(frozen=True)
class PersonExported(Event):
    """By somebody else than themselves."""

    type = "user.exported"

    user_id: int
    actor_id: int | None


@dataclass(frozen=True)
class PersonErased(Event):
    """`step` is `asked` (by themselves), `withdrawn`, `begun` or `finished`."""

    type = "user.erased"

    user_id: int
    actor_id: int | None
    step: str
