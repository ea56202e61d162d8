from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from hazesite.jobs.periodic import periodic
from tickets.services.waiting import watch_tickets


@periodic(every=timedelta(seconds=30))
@task(max_attempts=1)
def look_after_tickets() -> dict[str, int]:
    """Remind, close, wake, and mark what was not done in time."""
    return watch_tickets()
