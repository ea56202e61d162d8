from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django_tasks import task

from analytics import keeping
from analytics.collecting.sessions import end_idle_sessions
from analytics.models import FeatureUse
from analytics.rollups import running
from hazesite import partitions
from hazesite.jobs.periodic import periodic


@periodic(every=timedelta(minutes=5))
@task(max_attempts=1)
def add_up_usage() -> dict[str, int]:
    """Also where nothing is collected: how tickets went and which errors there were is read all the same."""
    return asdict(running.run())


@periodic(every=timedelta(minutes=1))
@task(max_attempts=1)
def end_usage_sessions() -> int:
    return end_idle_sessions() if settings.ANALYTICS else 0


@periodic(every=timedelta(hours=6))
@task(max_attempts=3)
def look_after_partitions() -> int:
    return partitions.ensure_ahead(FeatureUse, keeping.AHEAD_DAYS) if settings.ANALYTICS else 0


@task(max_attempts=10)
def forget(user: int) -> int:
    """Portion by portion, each in a transaction of its own."""
    forgotten = 0
    while count := _forget_portion(user):
        forgotten += count
    return forgotten


@transaction.atomic
def _forget_portion(user: int) -> int:
    return keeping.forget_person(user)
