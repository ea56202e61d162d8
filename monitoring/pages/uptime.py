"""Shares of time, from spells: what the pages say of the last days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from monitoring.models import Spell, Status

Span = tuple[str, datetime, datetime]
COUNTED = (Status.UP, Status.DOWN)
"""The rest is no time of which anybody could say that it was up or down."""


@dataclass
class Uptimes:
    """Percent by days back; None where nothing is known."""

    by_days: dict[int, float | None] = field(default_factory=dict)

    @property
    def day(self) -> float | None:
        return self.by_days.get(1)

    @property
    def month(self) -> float | None:
        return self.by_days.get(30)


@dataclass
class Day:
    """One bar of a status page. `percent` None: nothing is known of it."""

    date: datetime
    percent: float | None
    down: timedelta
    maintenance: bool

    @property
    def kind(self) -> str:
        if self.percent is None:
            return "maintenance" if self.maintenance else "unknown"
        if not self.down:
            return "up"
        return "down" if self.percent < 95 else "trouble"


def spans_since(monitor_ids: Collection[int], start: datetime, now: datetime) -> dict[int, list[Span]]:
    """The spells of these monitors that reach into the time since `start`, cut to it. One query."""
    rows = Spell.objects.filter(Q(ended_at=None) | Q(ended_at__gt=start), monitor_id__in=monitor_ids)
    found: dict[int, list[Span]] = {}
    for key, status, began, ended in rows.values_list("monitor_id", "status", "started_at", "ended_at"):
        span = (status, max(began, start), ended or now)
        found.setdefault(key, []).append(span)
    return found


def uptimes_of(monitor_ids: Collection[int], days: Iterable[int]) -> dict[int, Uptimes]:
    """Of each monitor the share of time it was up, for each number of days back. One query."""
    now, wanted = timezone.now(), tuple(days)
    found = spans_since(monitor_ids, now - timedelta(days=max(wanted)), now)
    return {
        key: Uptimes({back: percent(spans, now - timedelta(days=back), now) for back in wanted})
        for key, spans in found.items()
    }


def percent(spans: Iterable[Span], start: datetime, end: datetime) -> float | None:
    seconds = dict.fromkeys(COUNTED, 0.0)
    for status, began, ended in spans:
        if status in seconds:
            seconds[Status(status)] += max(0.0, (min(ended, end) - max(began, start)).total_seconds())
    known = sum(seconds.values())
    return 100 * seconds[Status.UP] / known if known else None


def last_days(spans: Collection[Span], count: int, now: datetime) -> list[Day]:
    """The last `count` days of UTC, oldest first, today's up to now."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight - timedelta(days=back) for back in reversed(range(count))]
    return [_day(spans, start, min(start + timedelta(days=1), now)) for start in starts]


def _day(spans: Iterable[Span], start: datetime, end: datetime) -> Day:
    within = [
        (status, max(began, start), min(ended, end))
        for status, began, ended in spans
        if began < end and ended > start
    ]
    down = sum((ended - began for status, began, ended in within if status == Status.DOWN), timedelta())
    maintained = any(status == Status.MAINTENANCE for status, _began, _ended in within)
    return Day(start, percent(within, start, end), down, maintained)
