from __future__ import annotations

from dataclasses import dataclass

from hazesite.events import Event


@dataclass(frozen=True)
class Announced(Event):
    """Somebody began to tell everybody something."""

    type = "broadcast.announced"

    broadcast_id: int
    actor_id: int
    priority: str
    recipients: int
