"""Spells, incidents and slow spells: what begins and ends with a batch of results, and whom it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hazesite.events import publish
from monitoring.events import BecameSlow, NoLongerSlow, Recovered, WentDown
from monitoring.models import Incident, SlowSpell, Spell, Status
from monitoring.services.states import Step, Turn

if TYPE_CHECKING:
    from monitoring.engine.results import Applied

Segment = tuple[str, datetime]


def follow(applied: Sequence[Applied], now: datetime) -> None:
    """In the transaction of the results, after their states. Costs nothing where nothing turned."""
    _move_spells([one for one in applied if _may_end_a_spell(one)])
    by_turn = {turn: [one for one in applied if turn in one.step.turns] for turn in Turn}
    _open_incidents(by_turn[Turn.DOWN], now)
    _resolve_incidents(by_turn[Turn.RECOVERED])
    _end_slow_spells([*by_turn[Turn.SLOW], *by_turn[Turn.FAST]])
    _begin_slow_spells(by_turn[Turn.SLOW])


# --- spells ------------------------------------------------------------------
def _may_end_a_spell(one: Applied) -> bool:
    return one.step.gap_from is not None or one.status != one.before.status


def _move_spells(applied: Iterable[Applied]) -> None:
    wanted = {one.monitor_id: one for one in applied}
    if not wanted:
        return
    current = {spell.monitor_id: spell for spell in Spell.objects.filter(monitor__in=wanted, ended_at=None)}
    changed: list[Spell] = []
    begun: list[Spell] = []
    for monitor_id, one in wanted.items():
        spell = current.get(monitor_id)
        segments = segments_after(*_current(spell), one.step)
        if not segments:
            continue
        if spell is not None:
            changed.append(spell)
            if segments[0][1] <= spell.started_at:  # it would have lasted no time at all
                spell.status, segments = segments[0][0], segments[1:]
            spell.ended_at = segments[0][1] if segments else None
        begun += _spells(monitor_id, segments)
    # Those that end first: one at a time may be without an end.
    Spell.objects.bulk_update(changed, ["status", "ended_at"])
    Spell.objects.bulk_create(begun)


def _current(spell: Spell | None) -> tuple[str, datetime | None]:
    return ("", None) if spell is None else (spell.status, spell.started_at)


def _spells(monitor_id: int, segments: Sequence[Segment]) -> Iterable[Spell]:
    ends = [*(start for _status, start in segments[1:]), None]
    for (status, start), end in zip(segments, ends, strict=False):
        yield Spell(monitor_id=monitor_id, status=status, started_at=start, ended_at=end)


def segments_after(status: str, started_at: datetime | None, step: Step) -> list[Segment]:
    """What follows a current spell of this status (empty: there is none): statuses and beginnings."""
    gap: list[Segment] = []
    if step.gap_from is not None and status in (Status.UP, Status.DOWN):
        gap = [(Status.UNKNOWN, step.gap_from)]
    becomes = step.standing.status
    if becomes == Status.PENDING or (becomes == status and not gap):
        return _clamped(gap, started_at)  # of what is pending it is seen later whether it was up
    return _clamped([*gap, (becomes, _beginning(step, after_gap=bool(gap)))], started_at)


def _beginning(step: Step, *, after_gap: bool) -> datetime:
    """Down begins at the first failing check; after a gap now, for in between it was not known to be."""
    standing = step.standing
    seen_at = standing.checked_at or standing.since
    start = standing.first_failure_at if Turn.DOWN in step.turns else None
    if start is None:
        return seen_at
    return max(start, seen_at) if after_gap else start


def _clamped(segments: list[Segment], started_at: datetime | None) -> list[Segment]:
    """No spell begins before the one before it, whatever clocks did."""
    if started_at is None:
        return segments
    return [(status, max(start, started_at)) for status, start in segments]


# --- incidents ---------------------------------------------------------------
def _open_incidents(applied: Sequence[Applied], now: datetime) -> None:
    if not applied:
        return
    keys = [one.monitor_id for one in applied]
    is_open = set(
        Incident.objects.filter(monitor__in=keys, resolved_at=None).values_list("monitor", flat=True)
    )
    made = Incident.objects.bulk_create(
        Incident(
            monitor_id=one.monitor_id,
            severity=one.claim.severity,
            started_at=one.step.standing.first_failure_at or one.outcome.at,
            confirmed_at=now,
            cause=one.result.error[:500].replace("\0", ""),
            status_code=one.result.status_code,
        )
        for one in applied
        if one.monitor_id not in is_open
    )
    for incident in made:
        publish(WentDown(incident.monitor_id, incident.pk))


def _resolve_incidents(applied: Sequence[Applied]) -> None:
    if not applied:
        return
    by_monitor = {one.monitor_id: one for one in applied}
    rows = list(Incident.objects.filter(monitor__in=by_monitor, resolved_at=None))
    for incident in rows:
        incident.resolved_at = max(by_monitor[incident.monitor_id].outcome.at, incident.started_at)
        incident.next_step_at = None
    Incident.objects.bulk_update(rows, ["resolved_at", "next_step_at"])
    for incident in rows:
        publish(Recovered(incident.monitor_id, incident.pk))


# --- slow answers ------------------------------------------------------------
def _end_slow_spells(applied: Sequence[Applied]) -> None:
    """One that gives way to a worse one ends without a word."""
    if not applied:
        return
    by_monitor = {one.monitor_id: one for one in applied}
    rows = list(SlowSpell.objects.filter(monitor__in=by_monitor, ended_at=None))
    for spell in rows:
        spell.ended_at = max(by_monitor[spell.monitor_id].outcome.at, spell.started_at)
    SlowSpell.objects.bulk_update(rows, ["ended_at"])
    for spell in rows:
        if Turn.FAST in by_monitor[spell.monitor_id].step.turns:
            publish(NoLongerSlow(spell.monitor_id, spell.pk))


def _begin_slow_spells(applied: Sequence[Applied]) -> None:
    limits: Mapping[str, str] = {"critical": "critical_ms", "warning": "warning_ms"}
    made = SlowSpell.objects.bulk_create(
        SlowSpell(
            monitor_id=one.monitor_id,
            severity=one.slowness,
            started_at=one.outcome.at,
            limit_ms=int(getattr(one.claim.rules, limits[one.slowness]) or 0),
            response_ms=one.response_ms or 0.0,
        )
        for one in applied
    )
    for spell in made:
        publish(BecameSlow(spell.monitor_id, spell.pk))
