"""Days and their hours as `ANALYTICS_TIME_ZONE` has them: one in spring has 23 of them, one in autumn 25."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAX_HOURS = 25


def zone() -> ZoneInfo:
    return ZoneInfo(settings.ANALYTICS_TIME_ZONE)


def day_of(moment: datetime) -> date:
    return moment.astimezone(zone()).date()


def today() -> date:
    return day_of(timezone.now())


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), zone()).astimezone(UTC)


def bounds(day: date) -> tuple[datetime, datetime]:
    """When it begins, and when the next one does."""
    return begin_of(day), begin_of(day + DAY)


def hours_of(day: date) -> list[tuple[datetime, datetime]]:
    """In order, each as long as an hour; where clocks move by half of one, the last is shorter."""
    begin, end = bounds(day)
    count = -(-(end - begin) // HOUR)
    return [(begin + HOUR * number, min(begin + HOUR * (number + 1), end)) for number in range(count)]


def days(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for number in range((last - first).days + 1):
        yield first + DAY * number
