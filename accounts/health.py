from __future__ import annotations

from accounts.models import Session
from hazesite.health.registry import DATABASE, Result, check, ok


@check("sessions", lane=DATABASE)
def sessions() -> Result:
    """How many sign-ins of people are alive."""
    people = Session.objects.live().exclude(kind=Session.Kind.MONITORING)
    return ok(active_count=people.count())
