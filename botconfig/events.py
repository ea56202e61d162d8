from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hazesite.events import Event


@dataclass(frozen=True)
class SectionChanged(Event):
    """`changes` has `from` and `to` of each field that differs; `reason` is a `SectionVersion.Reason`."""

    type = "section.changed"

    section: str
    version: int
    changed_by: int | None
    reason: str = "change"
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class BotAsked(Event):
    """An admin wants a part of the running bot loaded, unloaded or read anew (`kind`)."""

    type = "bot.asked"

    kind: str
    cog: str
    actor_id: int
