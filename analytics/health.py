from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from analytics.collecting import buffer
from analytics.rollups.progress import last_run
from hazesite.health.registry import DATABASE, Result, check, ok, warning

LATE = timedelta(minutes=30)


@check("analytics", lane=DATABASE)
def analytics() -> Result:
    """Waiting and dropped are of this process."""
    ran = last_run()
    age = round((timezone.now() - ran).total_seconds()) if ran else None
    facts = {
        "enabled": settings.ANALYTICS,
        "waiting": len(buffer),
        "dropped": buffer.dropped,
        "last_rollup_seconds": age,
    }
    if settings.ANALYTICS and age is not None and age > LATE.total_seconds():
        return warning("Nothing was added up for half an hour", **facts)
    return ok(**facts)
