"""What the engine publishes in the transaction of a result; alerting subscribes to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hazesite.events import Event


@dataclass(frozen=True)
class WentDown(Event):
    type: ClassVar[str] = "monitor_down"
    monitor_id: int
    incident_id: int


@dataclass(frozen=True)
class Recovered(Event):
    """`incident_id` is resolved."""

    type: ClassVar[str] = "monitor_up"
    monitor_id: int
    incident_id: int


@dataclass(frozen=True)
class BecameSlow(Event):
    """Slower than a limit; again, with another row, when it exceeds the other limit."""

    type: ClassVar[str] = "monitor_slow"
    monitor_id: int
    slow_spell_id: int


@dataclass(frozen=True)
class NoLongerSlow(Event):
    type: ClassVar[str] = "monitor_fast_again"
    monitor_id: int
    slow_spell_id: int


@dataclass(frozen=True)
class IncidentChanged(Event):
    """Acknowledged, or commented on."""

    type: ClassVar[str] = "incident_changed"
    incident_id: int
