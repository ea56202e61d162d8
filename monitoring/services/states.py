"""From how a monitor stood and what a check found to how it stands now. No database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from monitoring.grid import slot_after
from monitoring.models import Severity, Status

LATE_BY = timedelta(seconds=30)
"""A check that is later than this (and than its own interval) leaves a time in which nobody looked."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a monitor's settings decides over its standing."""

    monitor_id: int
    interval: float
    retry_interval: float
    attempts_until_down: int
    warning_ms: float | None = None
    critical_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`first_failure_at`: since when it is failing. A monitor that is unknown or under maintenance, and has
    one, was down before and is taken to be so until an answer says otherwise."""

    status: str
    since: datetime
    failures: int = 0
    first_failure_at: datetime | None = None
    slowness: str = ""
    checked_at: datetime | None = None

    @property
    def was_down(self) -> bool:
        if self.status == Status.DOWN:
            return True
        kept = self.status in (Status.UNKNOWN, Status.MAINTENANCE)
        return kept and self.first_failure_at is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """One attempt. `is_up` None: this host could not tell."""

    at: datetime
    is_up: bool | None
    response_ms: float | None = None


class Turn(Enum):
    """What happened to a monitor."""

    DOWN = "down"
    RECOVERED = "recovered"
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Step:
    standing: Standing
    turns: tuple[Turn, ...] = ()
    gap_from: datetime | None = None
    """From here to the attempt nobody looked."""

    def changes(self, before: Standing) -> bool:
        """Whether it should be written at once."""
        return bool(self.turns) or self.standing.status != before.status


def step(before: Standing, rules: Rules, seen: Seen, *, maintained: bool) -> Step:
    """How it stands after this attempt."""
    status, failures, first, turns = _judge(before, rules, seen, maintained)
    slowness, slow_turns = _slowness(before, rules, seen, maintained)
    since = before.since
    if status != before.status:
        since = first if status == Status.DOWN and first is not None else seen.at
    standing = Standing(status, since, failures, first, slowness, seen.at)
    return Step(standing, turns + slow_turns, _gap(before, rules, seen))


Judgement = tuple[Status, int, datetime | None, tuple[Turn, ...]]


def _judge(before: Standing, rules: Rules, seen: Seen, maintained: bool) -> Judgement:
    if seen.is_up:
        status = Status.MAINTENANCE if maintained else Status.UP
        return status, 0, None, (Turn.RECOVERED,) if before.was_down else ()
    if maintained or seen.is_up is None:
        status = Status.MAINTENANCE if maintained else Status.UNKNOWN
        # What was not down yet begins anew afterwards; what was stays so, and nobody is told twice.
        kept = (before.failures, before.first_failure_at) if before.was_down else (0, None)
        return status, *kept, ()
    return _failing(before, rules, seen)


def _failing(before: Standing, rules: Rules, seen: Seen) -> Judgement:
    failures, first = before.failures + 1, before.first_failure_at or seen.at
    if before.was_down:
        return Status.DOWN, failures, first, ()
    if failures >= rules.attempts_until_down:
        return Status.DOWN, failures, first, (Turn.DOWN,)
    return Status.PENDING, failures, first, ()


def _slowness(before: Standing, rules: Rules, seen: Seen, maintained: bool) -> tuple[str, tuple[Turn, ...]]:
    """Only an answer begins or ends it. It gets worse, then it ends: what wavers is told once."""
    if maintained or not seen.is_up or seen.response_ms is None:
        return before.slowness, ()
    level = exceeded(rules, seen.response_ms)
    if not level:
        return "", (Turn.FAST,) if before.slowness else ()
    if before.slowness in (level, Severity.CRITICAL):
        return before.slowness, ()
    return level, (Turn.SLOW,)


def exceeded(rules: Rules, response_ms: float) -> str:
    """The worst limit that is exceeded; empty: none."""
    if rules.critical_ms is not None and response_ms > rules.critical_ms:
        return Severity.CRITICAL
    if rules.warning_ms is not None and response_ms > rules.warning_ms:
        return Severity.WARNING
    return ""


def _gap(before: Standing, rules: Rules, seen: Seen) -> datetime | None:
    if before.checked_at is None or before.status == Status.PAUSED:
        return None
    interval = timedelta(seconds=rules.interval)
    expected = before.checked_at + interval
    return expected if seen.at > expected + max(interval, LATE_BY) else None


# --- when it is looked at again ----------------------------------------------
def next_check(
    standing: Standing, rules: Rules, slot: datetime, now: datetime, wanted: datetime | None = None
) -> datetime:
    """The slot after this one, sooner while pending; `wanted` by a type that knows better than the grid.

    Slots that went by meanwhile are left out.
    """
    if standing.status == Status.PENDING and standing.failures:
        pause = min(rules.retry_interval, rules.interval)
        return max(now, (standing.checked_at or now) + timedelta(seconds=pause))
    if wanted is not None and wanted > now:
        return wanted
    return slot_after(rules.monitor_id, rules.interval, max(slot, now))


def missed_slots(rules: Rules, slot: datetime, now: datetime) -> int:
    """How many slots after this one went by before `now`."""
    first = slot_after(rules.monitor_id, rules.interval, slot)
    if first > now:
        return 0
    return int((now - first).total_seconds() // rules.interval) + 1
