"""A past for the monitors of a demo, so that its charts and bars show something. None for production."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from hazesite import partitions
from monitoring.models import Check, DayStat, HourStat, Incident, Monitor, Spell, Status
from monitoring.models.history import BOUNDS_MS

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS, HOURS, RAW = 90, 7 * 24, 6 * HOUR
CAUSES = ("The connection was refused.", "Nothing came within 30 s.", "The answer is 502, expected 200-299.")
Outage = tuple[datetime, datetime]
S = TypeVar("S", HourStat, DayStat)


@dataclass(frozen=True)
class Past:
    usual_ms: float
    outages: list[Outage]


@transaction.atomic
def give_a_past(monitors: Collection[Monitor]) -> None:
    """For monitors that were just made. The same each time, but for the clock."""
    chance, now = random.Random(20), timezone.now()  # noqa: S311 - no secret is made of it
    partitions.ensure_ahead(Check)
    for monitor in monitors:
        past = Past(chance.uniform(60, 320), _outages(chance, now))
        _spells_and_incidents(monitor, past.outages, now, chance)
        Check.objects.bulk_create(_checks(monitor, past.usual_ms, now, chance))
        hours = [HourStat(monitor=monitor, start=start) for start in _starts(now, HOUR, HOURS)]
        HourStat.objects.bulk_create(_fill(row, HOUR, past, now, chance) for row in hours)
        days = [DayStat(monitor=monitor, start=start) for start in _starts(now, DAY, DAYS)]
        DayStat.objects.bulk_create(_fill(row, DAY, past, now, chance) for row in days)
    Monitor.objects.filter(pk__in=[monitor.pk for monitor in monitors]).update(created_at=now - DAY * DAYS)


def _outages(chance: random.Random, now: datetime) -> list[Outage]:
    """A few, in order, none of them lately and none into another."""
    days = sorted(chance.sample(range(2, DAYS), chance.randint(1, 3)), reverse=True)
    starts = [now - DAY * day + HOUR * chance.uniform(0, 20) for day in days]
    return [(start, start + timedelta(minutes=chance.uniform(2, 95))) for start in starts]


def _spells_and_incidents(
    monitor: Monitor, outages: list[Outage], now: datetime, chance: random.Random
) -> None:
    Spell.objects.filter(monitor=monitor).delete()
    reached, spells = now - DAY * DAYS, []
    for start, end in outages:
        spells.append(Spell(monitor=monitor, status=Status.UP, started_at=reached, ended_at=start))
        spells.append(Spell(monitor=monitor, status=Status.DOWN, started_at=start, ended_at=end))
        reached = end
    last = Status.UP if monitor.active else Status.PAUSED
    spells.append(Spell(monitor=monitor, status=last, started_at=reached))
    Spell.objects.bulk_create(spells)
    Incident.objects.bulk_create(
        Incident(
            monitor=monitor,
            severity=monitor.severity,
            started_at=start,
            confirmed_at=start + timedelta(minutes=1),
            resolved_at=end,
            cause=chance.choice(CAUSES),
        )
        for start, end in outages
    )


def _checks(monitor: Monitor, usual: float, now: datetime, chance: random.Random) -> Iterable[Check]:
    step = timedelta(seconds=monitor.interval)
    for number in range(1, int(RAW / step)):
        ms = round(usual * chance.lognormvariate(0, 0.25), 1)
        yield Check(
            monitor=monitor,
            at=now - step * number,
            status=Status.UP,
            is_up=True,
            response_ms=ms,
            status_code=200,
        )


def _starts(now: datetime, width: timedelta, count: int) -> list[datetime]:
    newest = now.replace(minute=0, second=0, microsecond=0)
    if width == DAY:
        newest = newest.replace(hour=0)
    return [newest - width * number for number in range(count)]


def _fill(row: S, width: timedelta, past: Past, now: datetime, chance: random.Random) -> S:
    start, end = row.start, min(row.start + width, now)
    checks = int((end - start).total_seconds() / row.monitor.interval)
    seconds = sum(
        max(0.0, (min(end, until) - max(start, begin)).total_seconds()) for begin, until in past.outages
    )
    failed = min(checks, int(seconds / row.monitor.interval))
    return _stat(row, checks - failed, failed, past.usual_ms * chance.lognormvariate(0, 0.1))


def _stat(row: S, up: int, down: int, typical: float) -> S:
    row.up, row.down, row.sum_ms = up, down, up * typical
    row.min_ms, row.max_ms = typical * 0.6, typical * 2.4
    shares = ((0.7, int(up * 0.2)), (1.0, up - int(up * 0.2) - int(up * 0.05)), (1.8, int(up * 0.05)))
    for factor, times in shares:
        place = sum(bound < typical * factor for bound in BOUNDS_MS)
        setattr(row, f"ms_{place}", getattr(row, f"ms_{place}") + times)
    return row
