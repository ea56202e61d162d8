from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from hazesite.jobs.periodic import periodic
from notifications.mail import queueing


@periodic(every=timedelta(minutes=15))
@task(max_attempts=1)
def queue_digests() -> int:
    """Often, since mornings begin at any quarter of an hour somewhere."""
    return queueing.digests()
