"""Monitors with a past, made straight as rows: for what shows them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from hazesite import partitions
from monitoring.grid import offset
from monitoring.models import Check, DayStat, HourStat, Incident, Monitor, MonitorState, Spell, Status

WEB = {"type": "http", "url": "https://hidden.example.org/health?key=hush"}


def make_monitor(name: str = "API", status: str = Status.UP, **settings: Any) -> Monitor:
    """One with a state and the spell it is in, since two hours."""
    state = {key: settings.pop(key) for key in ("error", "response_ms", "slowness") if key in settings}
    now = timezone.now()
    monitor = Monitor.objects.create(**({"name": name, "interval": 60} | WEB | settings))
    MonitorState.objects.create(
        **({"response_ms": 120.0} | state),
        monitor=monitor,
        status=status,
        since=now - timedelta(hours=2),
        checked_at=now - timedelta(seconds=30),
    )
    spell = Status.UNKNOWN if status == Status.PENDING else status
    Spell.objects.create(monitor=monitor, status=spell, started_at=now - timedelta(hours=2))
    return monitor


def make_checks(monitor: Monitor, count: int, **columns: Any) -> None:
    """The last of them half a minute ago, the others before it, one an interval."""
    last = timezone.now() - timedelta(seconds=30)
    partitions.ensure_ahead(Check)
    Check.objects.bulk_create(
        Check(
            **({"status": Status.UP, "is_up": True, "response_ms": 100.0 + number % 7} | columns),
            monitor=monitor,
            at=last - timedelta(seconds=monitor.interval * number),
        )
        for number in range(count)
    )


def make_spells(monitor: Monitor, *spells: tuple[str, float]) -> None:
    """Statuses and hours, oldest first; the last one goes on. In the place of the ones there are."""
    monitor.spells.all().delete()
    start = timezone.now() - timedelta(hours=sum(hours for _status, hours in spells))
    for number, (status, hours) in enumerate(spells, 1):
        end = start + timedelta(hours=hours)
        ended_at = None if number == len(spells) else end
        Spell.objects.create(monitor=monitor, status=status, started_at=start, ended_at=ended_at)
        start = end


def make_incident(
    monitor: Monitor, hours_ago: float = 2, lasted: float | None = None, **columns: Any
) -> Incident:
    started = timezone.now() - timedelta(hours=hours_ago)
    resolved = None if lasted is None else started + timedelta(hours=lasted)
    columns = {"cause": "HTTP 503 from secret-host", "severity": monitor.severity} | columns
    return Incident.objects.create(
        monitor=monitor, started_at=started, confirmed_at=started, resolved_at=resolved, **columns
    )


def stock_monitors(count: int, *, days: int = 30, checks: int = 32, seed: int = 1) -> list[Monitor]:
    """So many, with their last checks, a month of hours and days, and some times of being down."""
    chance, now = random.Random(seed), timezone.now()
    monitors = Monitor.objects.bulk_create(
        Monitor(
            name=f"Service {number:05}", interval=60, severity=chance.choice(("critical", "warning")), **WEB
        )
        for number in range(count)
    )
    down = {monitor.pk for monitor in monitors if chance.random() < 0.02}
    MonitorState.objects.bulk_create(
        MonitorState(
            monitor=monitor,
            status=Status.DOWN if monitor.pk in down else Status.UP,
            since=now - timedelta(days=days),
            checked_at=now - timedelta(seconds=offset(monitor.pk, 60)),
            response_ms=chance.uniform(20, 400),
        )
        for monitor in monitors
    )
    Spell.objects.bulk_create(
        spell for monitor in monitors for spell in _spells(monitor, days, down=monitor.pk in down)
    )
    partitions.ensure_ahead(Check)
    Check.objects.bulk_create(_checks(monitors, checks, chance), batch_size=5000)
    HourStat.objects.bulk_create(_stats(HourStat, monitors, timedelta(hours=1), 24, chance), batch_size=2000)
    DayStat.objects.bulk_create(_stats(DayStat, monitors, timedelta(days=1), days, chance), batch_size=2000)
    return monitors


def _spells(monitor: Monitor, days: int, *, down: bool) -> Iterable[Spell]:
    now = timezone.now()
    times = [
        now - timedelta(days=days),
        now - timedelta(days=days / 2),
        now - timedelta(days=days / 2, hours=-1),
    ]
    ends = [times[1], times[2], None]
    last = Status.DOWN if down else Status.UP
    for status, start, end in zip((Status.UP, Status.DOWN, last), times, ends, strict=True):
        yield Spell(monitor=monitor, status=status, started_at=start, ended_at=end)


def _checks(monitors: list[Monitor], count: int, chance: random.Random) -> Iterable[Check]:
    now = timezone.now()
    for monitor in monitors:
        last = now - timedelta(seconds=offset(monitor.pk, 60))
        for number in range(count):
            at = last - timedelta(seconds=60 * number)
            ms = chance.uniform(20, 400)
            yield Check(monitor=monitor, at=at, status=Status.UP, is_up=True, response_ms=ms, status_code=200)


def _stats(
    model: Any, monitors: list[Monitor], width: timedelta, count: int, chance: random.Random
) -> Iterable[Any]:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for monitor in monitors:
        for number in range(count):
            ms = chance.uniform(20, 400)
            yield model(
                monitor=monitor,
                start=now - width * number,
                up=60,
                sum_ms=60 * ms,
                min_ms=ms / 2,
                max_ms=ms * 2,
            )
