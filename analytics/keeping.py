"""What is forgotten: when its time has come, when somebody asks, or all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from accounts.models import User
from analytics import days
from analytics.collecting.visitors import visitors_known_as
from analytics.errors import NotConfirmed
from analytics.events import AnalyticsReset
from analytics.features import ALL
from analytics.models import (
    ErrorDay,
    FeatureUse,
    OptOut,
    Progress,
    SessionDay,
    TicketFact,
    UsageDay,
    UsageSession,
    Visitor,
)
from analytics.rollups.progress import USES
from hazesite import partitions
from hazesite.errors import NotAllowed
from hazesite.events import publish
from hazesite.housekeeping import chore

PORTION, AHEAD_DAYS = 5000, 7
CONFIRM = "reset analytics"
COLLECTED = (FeatureUse, UsageSession, UsageDay, SessionDay, Visitor)


# --- when its time has come --------------------------------------------------
def forget_old() -> dict[str, int]:
    """Each class by its own time."""
    return {
        "uses": _forget_uses(),
        "sessions": in_portions(
            UsageSession.objects.filter(
                started_at__lt=days.begin_of(_ago(settings.ANALYTICS_KEEP_SESSIONS_DAYS))
            )
        ),
        "figures": sum(
            in_portions(model._default_manager.filter(day__lt=_ago(settings.ANALYTICS_KEEP_DAYS)))
            for model in (UsageDay, SessionDay, ErrorDay)
        ),
        "tickets": in_portions(
            TicketFact.objects.filter(opened_at__lt=days.begin_of(_ago(settings.ANALYTICS_KEEP_DAYS)))
        ),
    }


@chore
def forget_old_usage() -> int:
    return sum(forget_old().values())


def _ago(count: int) -> Any:
    """The first day of the last so many."""
    return days.today() - timedelta(days=count - 1)


def _forget_uses() -> int:
    """Whole days on PostgreSQL, counted as one each; rows elsewhere."""
    limit = days.begin_of(_ago(settings.ANALYTICS_KEEP_EVENTS_DAYS))
    if connection.vendor == "postgresql":
        return partitions.drop_before(FeatureUse, limit.astimezone(UTC).date())
    return in_portions(FeatureUse.objects.filter(at__lt=limit))


def in_portions(rows: models.QuerySet[Any], portion: int = PORTION) -> int:
    """Delete them, and let others write in between."""
    gone = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:portion]):
        gone += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return gone


# --- when somebody asks ------------------------------------------------------
def forget_person(user: int) -> int:
    """One portion of what is kept of somebody; 0 when nothing is left. What was added up stays: by then
    nobody can tell whom its numbers meant."""
    visitors = visitors_known_as(user)
    steps: list[Callable[[], int]] = [
        lambda: _portion(FeatureUse.objects.filter(visitor__in=visitors)),
        lambda: _portion(UsageSession.objects.filter(visitor__in=visitors)),
        lambda: UsageSession.objects.filter(user=user).update(user=None),
        lambda: Visitor.objects.filter(pk__in=visitors).delete()[0],
    ]
    return next((count for step in steps if (count := step())), 0)


def _portion(rows: models.QuerySet[Any]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:PORTION])
    return rows.model._default_manager.filter(pk__in=keys).delete()[0] if keys else 0


def is_collected(user: User) -> bool:
    return not OptOut.objects.filter(user=user).exists()


@transaction.atomic
def choose(user: User, collect: bool) -> bool:
    """Whether anything is collected of somebody. With no, what was collected is forgotten too."""
    from analytics.jobs import forget

    if collect:
        OptOut.objects.filter(user=user).delete()
    elif OptOut.objects.get_or_create(user=user)[1]:
        forget.enqueue(user.pk)
    return collect


# --- all of it ---------------------------------------------------------------
@transaction.atomic
def reset(actor: User, confirm: str) -> int:
    """All uses, sessions and figures of them are gone; how many uses. What follows from tickets and error
    reports stays: it would come back.

    `confirm` is `reset analytics`, typed. Raises `NotAllowed`, `NotConfirmed`.
    """
    if not actor.is_admin:
        raise NotAllowed
    if confirm.strip().lower() != CONFIRM:
        raise NotConfirmed(fields={"confirm": [CONFIRM]})
    uses = UsageDay.objects.filter(feature=ALL, platform="").aggregate(total=models.Sum("uses"))["total"] or 0
    for model in COLLECTED:
        _empty(model)
    Progress.objects.filter(name=USES).delete()
    publish(AnalyticsReset(actor.pk, uses))
    return int(uses)


def _empty(model: type[models.Model]) -> None:
    """At once, whatever there is."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"{'TRUNCATE' if connection.vendor == 'postgresql' else 'DELETE FROM'} {table}")
