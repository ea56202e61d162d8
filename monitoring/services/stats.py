"""Figures of one monitor over a range of time: in buckets, and as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from monitoring.models import Check, DayStat, HourStat, Monitor, Status
from monitoring.models.history import BOUNDS_MS
from monitoring.services.uptime import percent, seconds, spans_since

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERCENTILES = (50, 90, 95, 99)
KINDS = ("up", "down", "unknown", "maintenance")
COLUMNS = tuple(f"ms_{place}" for place in range(len(BOUNDS_MS) + 1))


@dataclass(frozen=True)
class Range:
    length: timedelta
    bucket: timedelta
    source: type[Check | HourStat | DayStat]


RANGES = {
    "1h": Range(HOUR, timedelta(minutes=1), Check),
    "6h": Range(6 * HOUR, timedelta(minutes=5), Check),
    "24h": Range(DAY, timedelta(minutes=15), Check),
    "7d": Range(7 * DAY, HOUR, HourStat),
    "30d": Range(30 * DAY, 6 * HOUR, HourStat),
    "90d": Range(90 * DAY, DAY, DayStat),
}


@dataclass
class Tally:
    """Answers added up. `times` are response times with how often each (or about each) was seen."""

    counts: Counter[str] = field(default_factory=Counter)
    total_ms: float = 0
    answers: int = 0
    least: float | None = None
    most: float | None = None
    times: Counter[float] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.counts += other.counts
        self.total_ms += other.total_ms
        self.answers += other.answers
        self.least = min((one for one in (self.least, other.least) if one is not None), default=None)
        self.most = max((one for one in (self.most, other.most) if one is not None), default=None)
        self.times += other.times

    def percentile(self, wanted: int) -> float | None:
        if not self.times:
            return None
        rank, seen = self.times.total() * wanted / 100, 0
        for value in sorted(self.times):
            seen += self.times[value]
            if seen >= rank:
                return round(min(value, self.most if self.most is not None else value), 1)
        return None

    def times_json(self) -> dict[str, float | None]:
        average = round(self.total_ms / self.answers, 1) if self.answers else None
        return {"average": average, "min": self.least, "max": self.most}


def stats(monitor: Monitor, name: str, now: datetime) -> dict[str, Any]:
    """`name` is one of `RANGES`. Three queries."""
    wanted = RANGES[name]
    first = _floor(now - wanted.length, wanted.bucket) + wanted.bucket
    tallies = {
        first + wanted.bucket * place: Tally() for place in range(int((now - first) / wanted.bucket) + 1)
    }
    whole = Tally()
    for at, tally in _seen(monitor, wanted, first):
        tallies.setdefault(_floor(at, wanted.bucket), Tally()).add(tally)
        whole.add(tally)
    since = now - wanted.length
    return {
        "range": name,
        "from": since,
        "to": now,
        "bucket_seconds": int(wanted.bucket.total_seconds()),
        **uptime(monitor, since, now),
        "incidents": monitor.incidents.filter(Q(resolved_at=None) | Q(resolved_at__gt=since)).count(),
        "checks": {kind: whole.counts[kind] for kind in KINDS},
        "response_time_ms": whole.times_json()
        | {f"p{percent}": whole.percentile(percent) for percent in PERCENTILES},
        "buckets": [_bucket_json(at, tallies[at]) for at in sorted(tallies)],
    }


def _floor(moment: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _bucket_json(at: datetime, tally: Tally) -> dict[str, Any]:
    return {"at": at, **{kind: tally.counts[kind] for kind in KINDS}, "response_time_ms": tally.times_json()}


# --- what was seen -----------------------------------------------------------
def _seen(monitor: Monitor, wanted: Range, first: datetime) -> Iterable[tuple[datetime, Tally]]:
    if wanted.source is Check:
        rows = Check.objects.filter(monitor_id=monitor.pk, at__gte=first).order_by("at")
        for at, status, is_up, ms in rows.values_list("at", "status", "is_up", "response_ms"):
            yield at, _of_check(status, is_up, ms)
        return
    names = (*KINDS, "sum_ms", "min_ms", "max_ms", *COLUMNS)
    roll_ups: Any = wanted.source.objects
    stored = roll_ups.filter(monitor_id=monitor.pk, start__gte=first).order_by("start")
    for start, *values in stored.values_list("start", *names):
        yield start, _of_roll_up(dict(zip(names, values, strict=True)))


def _of_check(status: str, is_up: bool | None, ms: float | None) -> Tally:
    kind = "unknown" if is_up is None else "up" if is_up else "down"
    if status == Status.MAINTENANCE:
        kind = "maintenance"
    if ms is None:
        return Tally(Counter({kind: 1}))
    return Tally(Counter({kind: 1}), ms, 1, ms, ms, Counter({ms: 1}))


def _of_roll_up(row: dict[str, Any]) -> Tally:
    """Of how long answers took it knows only between which bounds: the upper one stands for them."""
    bounds = [*map(float, BOUNDS_MS), row["max_ms"] or BOUNDS_MS[-1]]
    times = Counter(
        {bound: row[column] for bound, column in zip(bounds, COLUMNS, strict=True) if row[column]}
    )
    counts = Counter({kind: row[kind] for kind in KINDS})
    return Tally(counts, row["sum_ms"], times.total(), row["min_ms"], row["max_ms"], times)


# --- shares of time ----------------------------------------------------------
def uptime(monitor: Monitor, since: datetime, now: datetime) -> dict[str, Any]:
    """Of the time in which it was known to be up or down. None where that was never. One query."""
    spans = spans_since([monitor.pk], since, now).get(monitor.pk, [])
    share, down = percent(spans, since, now), seconds(spans, since, now)[Status.DOWN]
    return {"uptime_percent": None if share is None else round(share, 4), "downtime_seconds": round(down)}
