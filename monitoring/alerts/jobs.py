from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from hazesite.jobs.periodic import periodic
from monitoring.alerts import clock
from monitoring.services import windows


@periodic(every=timedelta(seconds=10))
@task(max_attempts=1)
def take_steps() -> int:
    """Escalations, reminders, and children whose parent is back."""
    return clock.take_steps()


@periodic(every=timedelta(minutes=1))
@task(max_attempts=1)
def keep_windows_up_to_date() -> int:
    return windows.keep_up_to_date()
