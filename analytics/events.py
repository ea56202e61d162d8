from __future__ import annotations

from dataclasses import dataclass

from hazesite.events import Event


@dataclass(frozen=True)
class AnalyticsReset(Event):
    """What was collected of the use of the app is gone: so many uses."""

    type = "analytics.reset"

    actor_id: int
    uses: int
