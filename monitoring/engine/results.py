"""What checks found becomes rows and events: checks, sums, states, spells, incidents, in one transaction."""

# ruff: noqa: S608 - all of it is written here.
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from hazesite import partitions
from monitoring import live
from monitoring.engine import rollups, troubles
from monitoring.engine.claims import Claim, standing_of
from monitoring.engine.rollups import Checked
from monitoring.engine.sql import many, moments, rows_of, table_of
from monitoring.models import Check, MonitorState, Status
from monitoring.services import states
from monitoring.services.states import Seen, Standing, Step
from monitoring.services.windows import in_maintenance
from monitoring.types import Result

MOST_ERROR, MOST_ANSWER = 500, 1000
OF_STATE = (
    "status", "since", "failures", "first_failure_at", "slowness", "checked_at", "next_check_at", "fence",
    "engine", "certificate_expires_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt that was made. `at`: when it began."""

    claim: Claim
    at: datetime
    result: Result

    @property
    def seen(self) -> Seen:
        return Seen(self.at, self.result.is_up, self.result.response_ms)

    def step_from_claim(self) -> Step:
        """What it will mean, as far as the claim knows."""
        return states.step(self.claim.standing, self.claim.rules, self.seen, maintained=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """An outcome that counts, and what it means."""

    outcome: Outcome
    before: Standing
    step: Step
    next_check_at: datetime
    certificate_expires_at: datetime | None

    @property
    def claim(self) -> Claim:
        return self.outcome.claim

    @property
    def result(self) -> Result:
        return self.outcome.result

    @property
    def monitor_id(self) -> int:
        return self.outcome.claim.monitor_id

    # What a screen shows of it (`live.Standing`).
    @property
    def status(self) -> str:
        return self.step.standing.status

    @property
    def since(self) -> datetime:
        return self.step.standing.since

    @property
    def checked_at(self) -> datetime:
        return self.outcome.at

    @property
    def response_ms(self) -> float | None:
        return self.outcome.result.response_ms

    @property
    def slowness(self) -> str:
        return self.step.standing.slowness


@dataclass(frozen=True, slots=True)
class Stored:
    """`void`: results of monitors that were deleted, paused, changed or taken by another engine since, and
    those that are stored already."""

    applied: Sequence[Applied]
    void: int
    missed: int


def store(outcomes: Iterable[Outcome], now: datetime) -> Stored:
    """All or nothing. Raises the database's errors."""
    newest = {outcome.claim.monitor_id: outcome for outcome in outcomes}
    with _days({outcome.at.astimezone(UTC).date() for outcome in newest.values()}), transaction.atomic():
        applied = _apply(newest, now)
        checks = [_check(one) for one in applied]
        _insert(checks)
        rollups.store(checks)
        _update_states(applied)
        troubles.follow(applied, now)
        if settings.REDIS_URL:  # without it no screen hangs on this process: others look into the database
            live.show_standings(applied)
    missed = sum(states.missed_slots(one.claim.rules, one.claim.slot, now) for one in applied)
    return Stored(applied, len(newest) - len(applied), missed)


_days_there: set[date] = set()


@contextmanager
def _days(days: set[date]) -> Iterator[None]:
    """A day without its partition would refuse all its checks: one of a clock that was set, say.

    Whatever failed may have been a day that was there once: the next try looks again.
    """
    if not days <= _days_there:
        partitions.ensure(Check, days)
        _days_there.update(days)
    try:
        yield
    except Exception:
        _days_there.clear()
        raise


def _apply(newest: dict[int, Outcome], now: datetime) -> list[Applied]:
    rows = MonitorState.objects.filter(pk__in=newest).order_by("pk").select_for_update(no_key=True)
    found = {
        key: dict(zip(OF_STATE, columns, strict=True))
        for key, *columns in rows_of(rows.values_list("pk", *OF_STATE))
    }
    counting = {key: row for key, row in found.items() if _counts(newest[key], row)}
    maintained = in_maintenance(counting, now) if counting else set()
    return [_applied(newest[key], row, key in maintained, now) for key, row in counting.items()]


def _counts(outcome: Outcome, row: dict[str, Any]) -> bool:
    """A result uses its claim up: one that comes again, for the answer to its commit was lost, is void."""
    is_held = row["fence"] == outcome.claim.fence and row["engine"]
    return bool(is_held and row["status"] != Status.PAUSED)


def _applied(outcome: Outcome, row: dict[str, Any], maintained: bool, now: datetime) -> Applied:
    before, rules = standing_of(row), outcome.claim.rules
    step = states.step(before, rules, outcome.seen, maintained=maintained)
    following = states.next_check(step.standing, rules, outcome.claim.slot, now, outcome.result.next_at)
    if row["next_check_at"] is not None and row["next_check_at"] <= now:
        following = now  # somebody asked for a check while this one was made
    expires_at = outcome.result.certificate_expires_at or row["certificate_expires_at"]
    return Applied(outcome, before, step, following, expires_at)


def _check(one: Applied) -> Checked:
    result = one.result
    return Checked(
        one.monitor_id,
        one.outcome.at,
        str(one.status),
        result.is_up,
        result.response_ms,
        result.status_code,
        storable(result.error, MOST_ERROR),
        storable(result.answer, MOST_ANSWER),
    )


OF_CHECK = ("monitor_id", "at", "status", "is_up", "response_ms", "status_code", "error", "answer")


def _insert(checks: Iterable[Checked]) -> None:
    stored = moments()
    many(
        f"INSERT INTO {table_of(Check)} ({', '.join(OF_CHECK)}) VALUES ({', '.join(['%s'] * len(OF_CHECK))})"
        " ON CONFLICT DO NOTHING",
        [
            (
                one.monitor_id,
                stored(one.at),
                one.status,
                one.is_up,
                one.response_ms,
                one.status_code,
                one.error,
                one.answer,
            )
            for one in checks
        ],
    )


def storable(text: str, most: int) -> str:
    """What every database takes: no NUL, no halves of characters."""
    short = text[:most].replace("\0", "�")
    return short if short.isascii() else short.encode("utf-8", "replace").decode()


UPDATED = (
    "status", "since", "next_check_at", "engine", "failures", "first_failure_at", "checked_at", "response_ms",
    "status_code", "error", "slowness", "certificate_expires_at",
)  # fmt: skip


def _update_states(applied: Iterable[Applied]) -> None:
    changes, stored = ", ".join(f"{name} = %s" for name in UPDATED), moments()
    many(
        f"UPDATE {table_of(MonitorState)} SET {changes} WHERE monitor_id = %s",
        [_columns(one, stored) for one in applied],
    )


def _columns(one: Applied, stored: Callable[[datetime | None], Any]) -> list[Any]:
    standing, result = one.step.standing, one.result
    return [
        str(standing.status),
        stored(standing.since),
        stored(one.next_check_at),
        "",
        standing.failures,
        stored(standing.first_failure_at),
        stored(standing.checked_at),
        result.response_ms,
        result.status_code,
        storable(result.error, MOST_ERROR),
        str(standing.slowness),
        stored(one.certificate_expires_at),
        one.monitor_id,
    ]
