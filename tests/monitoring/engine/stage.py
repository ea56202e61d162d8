"""Monitors, outcomes and a context for checks, as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring.connecting import Connections
from monitoring.engine import results
from monitoring.engine.attempts import attempt
from monitoring.engine.claims import Claim, claim
from monitoring.engine.results import Outcome, Stored
from monitoring.models import Monitor, MonitorState, Spell, Status
from monitoring.services import standing
from monitoring.types import Result, Watched

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Surroundings:
    """What an engine gives to checks."""

    connections: Connections
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))
    monitoring_token: str = "the-token"

    def now(self) -> datetime:
        return self.moment

    async def token(self) -> str:
        return self.monitoring_token

    async def database(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.to_thread(work, *args)

    async def check(self, type: str = "http", **columns: Any) -> Result:  # noqa: A002 - as the column is called
        return await attempt(watched(type, **columns), self)


def watched(type: str = "http", **columns: Any) -> Watched:  # noqa: A002
    given = {"monitor_id": 1, "interval": 60, "timeout": 10.0, "created_at": BEGIN} | columns
    return Watched(type=type, **given)


def monitor(name: str = "web", now: datetime = BEGIN, **columns: Any) -> Monitor:
    made: Monitor = Monitor.objects.create(
        **({"name": name, "type": "http", "url": "https://a.org", "severity": "critical"} | columns)
    )
    standing.begin(made, now)
    return made


def take(now: datetime, *monitors: Monitor, engine: str = "tests") -> list[Claim]:
    """Of these monitors (all, if none is named), due or not."""
    rows = MonitorState.objects.filter(monitor__in=monitors) if monitors else MonitorState.objects.all()
    rows.exclude(next_check_at=None).update(next_check_at=now)
    return claim(engine, now, timedelta(seconds=0.5), 1000)


def found(*claims: Claim, at: datetime, **result: Any) -> Stored:
    """These were checked at this moment."""
    given = Result(**({"is_up": True, "response_ms": 100.0} | result))
    return results.store([Outcome(one, at, given) for one in claims], at)


def see(one: Monitor, at: datetime, **result: Any) -> MonitorState:
    """It is checked now, with this result."""
    found(*take(at, one), at=at, **result)
    return MonitorState.objects.get(pk=one.pk)


def fail(one: Monitor, at: datetime, error: str = "Connection refused") -> MonitorState:
    return see(one, at, is_up=False, error=error, response_ms=None)


def spells(one: Monitor) -> list[tuple[str, float, float | None]]:
    """Statuses with their seconds from and to, counted from the beginning."""
    return [
        (
            str(spell.status),
            (spell.started_at - BEGIN).total_seconds(),
            None if spell.ended_at is None else (spell.ended_at - BEGIN).total_seconds(),
        )
        for spell in Spell.objects.filter(monitor=one).order_by("started_at", "pk")
    ]


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def status_of(one: Monitor) -> Status:
    return Status(MonitorState.objects.get(pk=one.pk).status)
