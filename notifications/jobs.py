from __future__ import annotations

from datetime import timedelta

from django_tasks import task

from hazesite.jobs.periodic import periodic
from notifications.services import broadcasts, rank_ups, telling


@task(max_attempts=10)
def tell_waiting() -> int:
    return telling.tell_waiting()


@periodic(every=timedelta(seconds=30))
@task(max_attempts=1)
def tell_what_was_left() -> int:
    """A step whose transaction took longer than the job waited."""
    return telling.tell_waiting()


@task(max_attempts=10)
def tell_rank_up(rank_up_pk: int) -> int:
    return rank_ups.tell_rank_up(rank_up_pk)


@task(max_attempts=10)
def take_back_read(ticket_pk: int, user_pk: int) -> int:
    return telling.take_back_read(ticket_pk, user_pk)


@task(max_attempts=10)
def take_back_deleted(ticket_pk: int, message_pk: int | None) -> int:
    return telling.take_back_deleted(ticket_pk, message_pk)


@task(max_attempts=20)
def tell_everybody(broadcast_pk: int) -> int:
    return broadcasts.tell_everybody(broadcast_pk)
