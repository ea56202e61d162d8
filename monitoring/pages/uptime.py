"""Shares of time, from spells: what the pages say of the last days."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from monitoring.models import Status
from monitoring.services.uptime import Span, percent, spans_since

__all__ = ["Day", "Uptimes", "last_days", "percent", "spans_since", "uptimes_of"]


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


def uptimes_of(monitor_ids: Collection[int], days: Iterable[int]) -> dict[int, Uptimes]:
    """Of each monitor the share of time it was up, for each number of days back. One query."""
    now, wanted = timezone.now(), tuple(days)
    found = spans_since(monitor_ids, now - timedelta(days=max(wanted)), now)
    return {
        key: Uptimes({back: percent(spans, now - timedelta(days=back), now) for back in wanted})
        for key, spans in found.items()
    }


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
