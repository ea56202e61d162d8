"""Everything that is added up, from where the last time ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from analytics import days
from analytics.collecting.sessions import IDLE, end_idle_sessions
from analytics.errors import ForgottenAlready
from analytics.models import FeatureUse, UsageSession
from analytics.rollups import errors, progress, sessions, tickets
from analytics.rollups.uses import Day

OVERLAP = timedelta(hours=1)
"""Uses are written within an hour, or not at all (`analytics.collecting.buffering`)."""


@dataclass(frozen=True)
class Ran:
    days: int
    session_days: int
    errors: int
    tickets: int


def run() -> Ran:
    """What is new since the last time. Days over and done with are not touched."""
    end_idle_sessions()
    since, now = _reached(), timezone.now()
    touched = list(days.days(days.day_of(since - OVERLAP), days.day_of(now)))
    for day in touched:
        _add_up_uses(day, since - OVERLAP, now)
    session_days = sessions.days_touched(since - OVERLAP - IDLE, now)
    for day in session_days:
        _add_up_sessions(day)
    return Ran(len(touched), len(session_days), errors.add_up(), tickets.catch_up())


def run_since(first: date) -> int:
    """Add up these days anew, from the rows they were made of. How many days.

    Raises `ForgottenAlready` when there are no such rows any more.
    """
    if first < oldest_day():
        raise ForgottenAlready
    chosen = list(days.days(first, days.today()))
    for day in chosen:
        _add_up_uses(day, None, timezone.now())
        _add_up_sessions(day)
    return len(chosen)


def oldest_day() -> date:
    """Of which both single uses and sessions are kept whole."""
    kept = min(settings.ANALYTICS_KEEP_EVENTS_DAYS, settings.ANALYTICS_KEEP_SESSIONS_DAYS)
    return days.today() - timedelta(days=kept - 1)


def _reached() -> datetime:
    with transaction.atomic():
        return progress.locked(progress.USES, _beginning()).until


def _beginning() -> datetime:
    first = FeatureUse.objects.aggregate(at=Min("at"))["at"]
    begun = UsageSession.objects.aggregate(at=Min("started_at"))["at"]
    now = timezone.now()
    return min(first or now, begun or now)


@transaction.atomic
def _add_up_uses(day: date, since: datetime | None, now: datetime) -> None:
    """The hours of that day that ended after `since`; all of them anew without it."""
    place = progress.locked(progress.USES, now)
    rows = Day(day)
    if since is None:
        rows.empty()
    for number, (begin, end) in enumerate(days.hours_of(day)):
        if (since is None or end > since) and begin <= now:
            rows.put(number, begin, end)
    rows.save()
    if since is not None:
        progress.advance(place, min(days.bounds(day)[1], now))


@transaction.atomic
def _add_up_sessions(day: date) -> None:
    progress.locked(progress.USES, timezone.now())
    sessions.add_up(day)
