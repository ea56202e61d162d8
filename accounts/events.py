from __future__ import annotations

from dataclasses import dataclass

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
