"""What of the analytics goes into the audit log."""

from __future__ import annotations

from analytics.events import AnalyticsReset
from hazesite.audit.services import record
from hazesite.events import subscribe


@subscribe(AnalyticsReset)
def reset(event: AnalyticsReset) -> None:
    record("analytics.reset", "analytics", "all", actor_id=event.actor_id, after={"uses": event.uses})
