"""Monitors that fail and recover as a test says, a clock it moves, and a drainer that works by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from hazesite.events import publish
from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.room import Room
from hazesite.outgoing.transports import TRANSPORTS, Outcome, Ready, Retry, Sent
from monitoring.alerts import clock
from monitoring.engine import claims, results
from monitoring.events import BecameSlow, NoLongerSlow, Recovered, WentDown
from monitoring.models import (
    EscalationPolicy,
    Incident,
    Monitor,
    MonitorState,
    NotificationChannel,
    SlowSpell,
    Status,
)
from monitoring.types import Result

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Clock:
    """What `timezone.now` says while a test runs."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def on(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Stage:
    clock: Clock
    told: list[tuple[str, str, str]] = field(default_factory=list)
    """Channel, event and title of what was sent, in order."""
    texts: list[str] = field(default_factory=list)
    failing: bool = False

    # --- who is there ------------------------------------------------------------
    def channel(self, name: str = "ops", **more: Any) -> NotificationChannel:
        config = {"url": "https://example.org/hook"}
        return NotificationChannel.objects.create(
            name=name, type="webhook", config=config, **({"default": True} | more)
        )

    def monitor(self, name: str = "web", severity: str = "critical", **more: Any) -> Monitor:
        made = Monitor.objects.create(name=name, type="http", url="https://a.org", severity=severity, **more)
        MonitorState.objects.create(monitor=made, status=Status.UP, since=self.clock.now)
        return made

    def policy(self, *steps: tuple[int, list[NotificationChannel]]) -> EscalationPolicy:
        made = EscalationPolicy.objects.create(name="on call")
        for minutes, channels in steps:
            made.steps.create(after_minutes=minutes).channels.set(channels)
        return made

    # --- what the engine does ----------------------------------------------------
    def state(self, monitor: Monitor, status: str, **more: Any) -> None:
        now = self.clock.now
        rows = MonitorState.objects.filter(monitor=monitor)
        rows.update(status=status, since=now, checked_at=now, **more)

    @transaction.atomic
    def fails(self, monitor: Monitor, cause: str = "Connection refused") -> Incident:
        self.state(monitor, Status.DOWN, failures=1)
        now, severity = self.clock.now, monitor.severity
        incident = Incident.objects.create(
            monitor=monitor, severity=severity, started_at=now, confirmed_at=now, cause=cause
        )
        publish(WentDown(monitor.pk, incident.pk))
        return incident

    @transaction.atomic
    def recovers(self, monitor: Monitor) -> Incident:
        self.state(monitor, Status.UP, failures=0)
        Incident.objects.filter(monitor=monitor, resolved_at=None).update(
            resolved_at=self.clock.now, next_step_at=None
        )
        incident = monitor.incidents.latest("pk")
        publish(Recovered(monitor.pk, incident.pk))
        return incident

    @transaction.atomic
    def slows(self, monitor: Monitor, severity: str = "warning", limit: int = 500) -> SlowSpell:
        spell = SlowSpell.objects.create(
            monitor=monitor, severity=severity, started_at=self.clock.now, limit_ms=limit, response_ms=612.4
        )
        publish(BecameSlow(monitor.pk, spell.pk))
        return spell

    @transaction.atomic
    def speeds_up(self, spell: SlowSpell) -> None:
        SlowSpell.objects.filter(pk=spell.pk).update(ended_at=self.clock.now)
        publish(NoLongerSlow(spell.monitor_id, spell.pk))

    # --- what a worker does ------------------------------------------------------
    def drain(self, drainer: str = "tests") -> list[tuple[str, str, str]]:
        """Send what is due, until nothing is; what was told thereby."""
        before = len(self.told)
        while leased := outgoing.lease(drainer, Room()):
            outgoing.settle((one, self._outcome(one)) for one in leased)
        return self.told[before:]

    def _outcome(self, delivery: Delivery) -> Outcome:
        verdict = TRANSPORTS[delivery.transport].check([delivery])[delivery.pk]
        if not isinstance(verdict, Ready):
            return verdict
        if self.failing:
            return Retry("The receiver answered 500.")
        letter = verdict.content
        self.told.append((letter.channel.name, letter.message.event, letter.message.title))
        self.texts.append("\n".join([letter.message.text, *letter.message.lines]))
        return Sent(letter.also)

    def work(self, **span: float) -> list[tuple[str, str, str]]:
        """Time passes by the minute, later by the half hour, and a worker does what comes up."""
        before, begin, end = len(self.told), self.clock.now, self.clock.now + timedelta(**span)
        while self.clock.now < end:
            step = 60.0 if self.clock.now - begin < timedelta(minutes=35) else 1800.0
            self.clock.on(seconds=min(step, (end - self.clock.now).total_seconds()))
            clock.take_steps()
            self.drain()
        return self.told[before:]

    @property
    def events(self) -> list[str]:
        return [event for _channel, event, _title in self.told]


def states() -> dict[str, str]:
    return dict(Delivery.objects.order_by("pk").values_list("thing", "state"))


class RealClock(Clock):
    """For what waits for servers and threads."""

    @property
    def now(self) -> datetime:  # type: ignore[override]
        return datetime.now(UTC)

    @now.setter
    def now(self, moment: datetime) -> None:
        pass

    @staticmethod
    def wait_for(until: Callable[[], Any], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, list(Delivery.objects.values("thing", "state", "reason"))
            time.sleep(0.02)


def check(monitor: Monitor, result: Result) -> None:
    """As the engine does it: claimed, checked, stored."""
    now = timezone.now()
    MonitorState.objects.filter(monitor=monitor).update(next_check_at=now)
    [claim] = claims.claim("tests", now, timedelta(0), 10)
    results.store([results.Outcome(claim, now, result)], now)
