"""What becomes of a monitor's standing when its settings change. Always inside of the transaction of that.

A result counts only under the fence it was begun with, so raising it makes void what is being checked now.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from monitoring.grid import slot_at_or_after
from monitoring.models import Incident, Monitor, MonitorState, SlowSpell, Spell, Status


def begin(monitor: Monitor, now: datetime) -> MonitorState:
    """Of a new monitor: its first check within one interval, at its own slot."""
    active = monitor.active
    state = MonitorState.objects.create(
        monitor=monitor,
        status=Status.PENDING if active else Status.PAUSED,
        since=now,
        next_check_at=slot_at_or_after(monitor.pk, monitor.interval, now) if active else None,
    )
    # Until the first result nobody knows.
    status = Status.UNKNOWN if active else Status.PAUSED
    Spell.objects.create(monitor=monitor, status=status, started_at=now)
    return state


def lock(monitor: Monitor) -> None:
    """Before anything else of it is written: an engine that stores its result takes the same lock first."""
    list(MonitorState.objects.filter(monitor=monitor).select_for_update(no_key=True).values_list("pk"))


def pause(monitor: Monitor, now: datetime) -> None:
    """An open incident ends with it, and nobody is told of a recovery: none was seen."""
    lock(monitor)
    _enter(monitor, Status.PAUSED, now)
    _forget_trouble(monitor, now)
    _set(monitor, status=Status.PAUSED, since=now, next_check_at=None)


def resume(monitor: Monitor, now: datetime) -> None:
    lock(monitor)
    _enter(monitor, Status.UNKNOWN, now)
    due = slot_at_or_after(monitor.pk, monitor.interval, now)
    _set(monitor, status=Status.PENDING, since=now, next_check_at=due)


def retarget(monitor: Monitor, now: datetime) -> None:
    """What was found out is about something else: begin anew, at once."""
    lock(monitor)
    _enter(monitor, Status.UNKNOWN, now)
    _forget_trouble(monitor, now)
    _set(monitor, status=Status.PENDING, since=now, next_check_at=now, certificate_expires_at=None)


def move_slot(monitor: Monitor, now: datetime) -> None:
    """A check that is being made is void: it would set the next one by the old interval."""
    due = slot_at_or_after(monitor.pk, monitor.interval, now)
    active = MonitorState.objects.filter(monitor=monitor, next_check_at__isnull=False)
    active.update(next_check_at=due, fence=F("fence") + 1)


def check_soon(monitor: Monitor, now: datetime) -> None:
    MonitorState.objects.filter(monitor=monitor, next_check_at__gt=now).update(next_check_at=now)


def _set(monitor: Monitor, **columns: object) -> None:
    """With a clean slate: no failures, no answer."""
    MonitorState.objects.filter(monitor=monitor).update(
        fence=F("fence") + 1,
        failures=0,
        first_failure_at=None,
        slowness="",
        error="",
        response_ms=None,
        status_code=None,
        **columns,
    )


def _enter(monitor: Monitor, status: Status, now: datetime) -> None:
    current = Spell.objects.filter(monitor=monitor, ended_at=None).first()
    if current is not None and current.status == status:
        return
    if current is not None:
        # One that an engine with a fast clock began is not ended before its beginning.
        now = max(now, current.started_at)
        Spell.objects.filter(pk=current.pk).update(ended_at=now)
    Spell.objects.create(monitor=monitor, status=status, started_at=now)


def _forget_trouble(monitor: Monitor, now: datetime) -> None:
    incidents = Incident.objects.filter(monitor=monitor, resolved_at=None)
    incidents.update(resolved_at=now, next_step_at=None)
    SlowSpell.objects.filter(monitor=monitor, ended_at=None).update(ended_at=now)
