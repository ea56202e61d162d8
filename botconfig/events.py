from __future__ import annotations

from dataclasses import dataclass

from hazesite.events import Event


@dataclass(frozen=True)
class SectionChanged(Event):
    type = "section.changed"

    section: str
    version: int
    changed_by: int
