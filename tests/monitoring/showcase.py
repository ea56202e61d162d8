"""Believable monitors with three months behind them, for browsers and pictures.

    python -m tests.monitoring.showcase           # makes them
    python -m tests.monitoring.showcase down 3    # what an engine writes when monitor 3 fails

Uses the settings of the site itself, so the environment says which database. Their next check is never.
"""

from __future__ import annotations

import math
import os
import random
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hazesite.settings")

CAST: list[dict[str, Any]] = [
    {"name": "HazeBot API - Health Check", "type": "http", "tag": "core", "ms": 45, "severity": "critical"},
    {"name": "HazeBot API - Auth Ping", "type": "http", "tag": "core", "ms": 112, "severity": "critical"},
    {"name": "HazeBot API - WebSocket", "type": "socketio", "tag": "core", "ms": 98, "trouble": 2},
    {"name": "HazeBot API - Tickets", "type": "http", "tag": "features", "ms": 187, "severity": "critical"},
    {"name": "HazeBot API - Discord OAuth", "type": "http", "tag": "features", "ms": 323, "trouble": 4},
    {"name": "HazeBot API - Analytics", "type": "json", "tag": "features", "ms": 256, "trouble": 3},
    {"name": "HazeBot Admin - Frontend", "type": "keyword", "tag": "frontend", "ms": 78},
    {"name": "Minecraft server", "type": "port", "tag": "games", "ms": 31, "state": "down", "trouble": 5},
    {"name": "Voice relay", "type": "ping", "tag": "games", "ms": 14, "state": "maintenance"},
    {"name": "Nightly backup", "type": "push", "tag": "core", "ms": None, "severity": "info"},
    {"name": "api.haze.pro certificate", "type": "tls", "tag": "core", "ms": 61},
    {"name": "Old website", "type": "http", "tag": "frontend", "ms": 402, "state": "paused"},
]
ERROR = "Connection refused by mc.haze.pro port 25565"


def make() -> None:
    from django.utils import timezone

    from accounts.models import User
    from monitoring.models import (
        EscalationPolicy,
        IncidentNote,
        MaintenanceWindow,
        NotificationChannel,
        StatusPage,
    )

    now, chance = timezone.now(), random.Random(7)
    moira = User.objects.get(username="moira")
    page = StatusPage.objects.create(
        slug="haze", title="HazeBot status", description="All that the community uses."
    )
    for place, part in enumerate(CAST):
        monitor = _monitor(part, now)
        _past(monitor, part, now, chance)
        if place < 9:
            page.entries.create(monitor=monitor, group=part["tag"].capitalize(), position=place)
        if part.get("state") == "down":
            incident = monitor.incidents.get(resolved_at=None)
            note = "The host is being restarted; your worlds are safe."
            IncidentNote.objects.create(incident=incident, author=moira, text=note, is_public=True)
    window = MaintenanceWindow.objects.create(
        name="Voice relay moves to a new host",
        description="Calls may drop for some minutes.",
        starts_at=now - timedelta(minutes=20),
        duration_minutes=90,
        next_start=now - timedelta(minutes=20),
        next_end=now + timedelta(minutes=70),
    )
    window.monitors.set([entry.monitor for entry in page.entries.filter(monitor__name="Voice relay")])
    team = NotificationChannel.objects.create(
        name="Team", type="discord", config={"webhook_url": "https://127.0.0.1:9/x"}, default=True
    )
    policy = EscalationPolicy.objects.create(name="Night watch")
    policy.steps.create(after_minutes=0).channels.add(team)


def _monitor(part: dict[str, Any], now: datetime) -> Any:
    from monitoring.models import Monitor, MonitorState, Tag

    status = part.get("state", "up")
    monitor = Monitor.objects.create(
        name=part["name"],
        type=part["type"],
        url="https://api.haze.pro/api/health"
        if part["type"] in ("http", "json", "keyword", "socketio")
        else "",
        host="mc.haze.pro" if part["type"] in ("port", "ping", "tls") else "",
        port=25565 if part["type"] == "port" else None,
        severity=part.get("severity", "warning"),
        active=status != "paused",
        interval=60,
    )
    monitor.tags.add(Tag.objects.get_or_create(name=part["tag"])[0])
    MonitorState.objects.create(
        monitor=monitor,
        status=status,
        since=now - timedelta(minutes=18),
        checked_at=now - timedelta(seconds=20),
        response_ms=None if status in ("down", "paused") else part["ms"],
        error=ERROR if status == "down" else "",
        certificate_expires_at=now + timedelta(days=41) if part["type"] in ("http", "tls") else None,
    )
    return monitor


def _past(monitor: Any, part: dict[str, Any], now: datetime, chance: random.Random) -> None:
    from monitoring.models import Check, HourStat, Incident, Spell

    start, status = now - timedelta(days=80), part.get("state", "up")
    for _number in range(part.get("trouble", 1)):
        fail = start + timedelta(days=chance.uniform(4, 14))
        back = fail + timedelta(minutes=chance.uniform(4, 300))
        if back > now - timedelta(hours=3):
            break
        Spell.objects.create(monitor=monitor, status="up", started_at=start, ended_at=fail)
        Spell.objects.create(monitor=monitor, status="down", started_at=fail, ended_at=back)
        Incident.objects.create(
            monitor=monitor, severity=monitor.severity, started_at=fail, resolved_at=back, cause="HTTP 502"
        )
        start = back
    since = now - timedelta(minutes=18)
    if status != "up":
        Spell.objects.create(monitor=monitor, status="up", started_at=start, ended_at=since)
    Spell.objects.create(monitor=monitor, status=status, started_at=start if status == "up" else since)
    if status == "down":
        Incident.objects.create(monitor=monitor, severity=monitor.severity, started_at=since, cause=ERROR)
    Check.objects.bulk_create(_checks(monitor, part, now, chance))
    HourStat.objects.bulk_create(
        HourStat(
            monitor=monitor,
            start=hour,
            up=60,
            sum_ms=60 * ms,
            min_ms=ms * 0.8,
            max_ms=ms * chance.uniform(1.3, 3),
        )
        for hour, ms in _hours(part, now, chance)
    )


def _wave(part: dict[str, Any], moment: datetime, chance: random.Random) -> float:
    """Slower in the evening."""
    hour = moment.hour + moment.minute / 60
    return (
        (part["ms"] or 40)
        * (1 + 0.35 * math.sin((hour - 14) / 24 * 2 * math.pi))
        * chance.uniform(0.85, 1.25)
    )


def _hours(part: dict[str, Any], now: datetime, chance: random.Random) -> Iterable[tuple[datetime, float]]:
    first = now.replace(minute=0, second=0, microsecond=0)
    for back in range(24 * 8):
        yield first - timedelta(hours=back), _wave(part, first - timedelta(hours=back), chance)


def _checks(monitor: Any, part: dict[str, Any], now: datetime, chance: random.Random) -> Iterable[Any]:
    from monitoring.models import Check

    status = part.get("state", "up")
    for number in range(24 * 60):
        at = now - timedelta(seconds=20 + 60 * number)
        now_is = status if number < 18 else "up"
        failed = now_is == "down"
        yield Check(
            monitor=monitor,
            at=at,
            status=now_is,
            is_up=not failed,
            response_ms=None if failed else _wave(part, at, chance),
            status_code=200 if part["type"] in ("http", "json", "keyword") and not failed else None,
            error=ERROR if failed else "",
        )


def fail(monitor_id: int) -> None:
    """As an engine writes it: no word to any screen, for it is another process."""
    from django.db import transaction
    from django.utils import timezone

    from monitoring.models import Check, Incident, MonitorState, Spell

    now, row = timezone.now(), {"monitor_id": monitor_id}
    with transaction.atomic():
        MonitorState.objects.filter(pk=monitor_id).update(
            status="down", since=now, checked_at=now, response_ms=None, error="HTTP 503"
        )
        Check.objects.create(**row, at=now, status="down", is_up=False, status_code=503, error="HTTP 503")
        Spell.objects.filter(**row, ended_at=None).update(ended_at=now)
        Spell.objects.create(**row, status="down", started_at=now)
        Incident.objects.create(**row, severity="critical", started_at=now, cause="HTTP 503")


if __name__ == "__main__":
    import django

    django.setup()
    if len(sys.argv) > 1:
        fail(int(sys.argv[2]))
    else:
        make()
