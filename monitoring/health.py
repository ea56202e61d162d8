"""Whether somebody watches the monitors, for probes."""

from __future__ import annotations

from hazesite.health.registry import DATABASE, Result, by_age, check, error, ok
from hazesite.heartbeats import services as heartbeats
from monitoring.services.condition import condition

KIND = "checker"
LATE, TOO_LATE = 30.0, 180.0


@check("monitors", lane=DATABASE)
def monitors() -> Result:
    """No engine that ever said anything, or all stopped cleanly: they are switched off here."""
    now, seen = condition(), heartbeats.seen(KIND)
    down = now.by_status.get(("down",), 0)
    facts = {"engines": seen.alive, "watched": now.watched, "down": down}
    if not seen.alive and seen.lost_seconds is None:
        return ok(**facts)
    if not seen.alive:
        return error(f"The last engine was seen {seen.lost_seconds:.0f} seconds ago", **facts)
    return by_age(now.oldest_due_seconds, LATE, TOO_LATE, "Checks are late", **facts)
