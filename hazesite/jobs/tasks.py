"""The jobs of the project package itself."""

from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from hazesite.housekeeping import CHORES
from hazesite.jobs.periodic import periodic


@periodic(every=timedelta(hours=1))
@task(max_attempts=3)
def housekeeping() -> dict[str, int]:
    """Clear away what is past its time; what each chore cleared."""
    return {chore.__name__: chore() for chore in CHORES}
