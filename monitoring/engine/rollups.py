"""Checks added up by hour and by day, in the transaction that stores them."""

# ruff: noqa: S608 - all of it is written here.
from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from monitoring.engine.sql import many, moments, table_of
from monitoring.models import DayStat, HourStat, Status
from monitoring.models.history import BOUNDS_MS

KINDS = ("up", "down", "unknown", "maintenance")
HISTOGRAM = tuple(f"ms_{place}" for place in range(len(BOUNDS_MS) + 1))
SUMS = (*KINDS, "sum_ms", *HISTOGRAM)
COLUMNS = (*SUMS, "min_ms", "max_ms")
Key = tuple[int, datetime]
Sums = dict[str, Any]


def hour_of(moment: datetime) -> datetime:
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).replace(
        minute=0, second=0, microsecond=0
    )


def day_of(moment: datetime) -> datetime:
    return hour_of(moment).replace(hour=0)


@dataclass(frozen=True, slots=True)
class Checked:
    """A row of `Check`: the model's own instances cost more than all that is done with them."""

    monitor_id: int
    at: datetime
    status: str
    is_up: bool | None
    response_ms: float | None
    status_code: int | None
    error: str
    answer: str


def kind_of(check: Checked) -> str:
    if check.status == Status.MAINTENANCE:
        return "maintenance"
    return "unknown" if check.is_up is None else "up" if check.is_up else "down"


def place_of(response_ms: float) -> int:
    """The place in the histogram: that of the first bound which is not exceeded."""
    return bisect_left(BOUNDS_MS, response_ms)


def add(sums: Sums, check: Checked) -> None:
    sums[kind_of(check)] += 1
    if (ms := check.response_ms) is None:
        return
    sums["sum_ms"] += ms
    sums[HISTOGRAM[place_of(ms)]] += 1
    sums["min_ms"] = ms if sums["min_ms"] is None else min(sums["min_ms"], ms)
    sums["max_ms"] = ms if sums["max_ms"] is None else max(sums["max_ms"], ms)


def nothing() -> Sums:
    return dict.fromkeys(SUMS, 0) | {"min_ms": None, "max_ms": None}


def store(checks: Iterable[Checked]) -> None:
    """Add these to what is there."""
    hours: dict[Key, Sums] = {}
    for check in checks:
        add(hours.setdefault((check.monitor_id, hour_of(check.at)), nothing()), check)
    _upsert(HourStat, hours, ADDED)
    _upsert(DayStat, by_day(hours), ADDED)


def by_day(hours: Mapping[Key, Sums]) -> dict[Key, Sums]:
    days: dict[Key, Sums] = {}
    for (monitor_id, hour), sums in hours.items():
        key = (monitor_id, day_of(hour))
        if key in days:
            merge(days[key], sums)
        else:
            days[key] = dict(sums)
    return days


def merge(into: Sums, other: Mapping[str, Any]) -> None:
    for name in SUMS:
        into[name] += other[name]
    for name, choose in (("min_ms", min), ("max_ms", max)):
        into[name] = choose((one for one in (into[name], other[name]) if one is not None), default=None)


def replace(model: type[HourStat | DayStat], stats: Mapping[Key, Sums]) -> None:
    """Put these in the place of what is there."""
    _upsert(model, stats, ", ".join(f"{name} = excluded.{name}" for name in COLUMNS))


def _least(name: str, choose: str) -> str:
    """SQLite's and PostgreSQL's functions of two arguments treat NULL differently; this treats it alike."""
    return (
        f"{name} = CASE WHEN excluded.{name} IS NULL THEN stat.{name} WHEN stat.{name} IS NULL"
        f" OR excluded.{name} {choose} stat.{name} THEN excluded.{name} ELSE stat.{name} END"
    )


ADDED = ", ".join(
    [
        *(f"{name} = stat.{name} + excluded.{name}" for name in SUMS),
        _least("min_ms", "<"),
        _least("max_ms", ">"),
    ]
)


def _upsert(model: type[HourStat | DayStat], stats: Mapping[Key, Sums], change: str) -> None:
    if not stats:
        return
    stored = moments()
    names = ("monitor_id", "start", *COLUMNS)
    sql = (
        f"INSERT INTO {table_of(model)} AS stat ({', '.join(names)})"
        f" VALUES ({', '.join(['%s'] * len(names))})"
        f" ON CONFLICT (monitor_id, start) DO UPDATE SET {change}"
    )
    in_order = itemgetter(*COLUMNS)
    # In order, so that two engines which wait for each other's rows never do so in a ring.
    rows = [
        (monitor_id, stored(start), *in_order(sums))
        for (monitor_id, start), sums in sorted(stats.items(), key=lambda item: item[0])
    ]
    many(sql, rows)
