from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django_tasks import task

from hazesite.jobs.periodic import periodic


@task(max_attempts=10)
def check_next(check_pk: int, reached: int) -> None:
    from community.rocketleague import checking

    checking.check_next(check_pk, reached)


@task(max_attempts=5, backoff=5.0)
def check_account(account_pk: int) -> int:
    from community.rocketleague import checking

    return checking.check_account(account_pk)


@periodic(every=timedelta(minutes=5))
@task(max_attempts=1)
def check_ranks_when_due() -> bool:
    """Looks whether the hours of the configuration have passed."""
    from community.rocketleague import checking

    return bool(settings.ROCKET_LEAGUE_API_KEY) and checking.begin_check_when_due()
