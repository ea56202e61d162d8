from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from hazesite.jobs.periodic import periodic
from monitoring.services import upkeep


@periodic(every=timedelta(hours=1))
@task(max_attempts=3)
def check_sums() -> int:
    """Once for each hour: sums heal where a crash or a clock left them wrong."""
    return upkeep.check_sums(timezone.now())


@task(max_attempts=10, backoff=30.0)
def forget_checks(monitor_id: int) -> int:
    """The single checks of a monitor that is no more: too many for the transaction that deleted it."""
    from monitoring.services import forgetting

    return forgetting.forget_checks(monitor_id)
