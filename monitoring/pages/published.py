"""What the public may know: of the monitors on a status page their names there, states and times.

No address, no error, no answer, no setting; of an incident the public notes alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from monitoring.models import (
    Incident,
    IncidentNote,
    MaintenanceWindow,
    MonitorState,
    Status,
    StatusPage,
    StatusPageEntry,
)
from monitoring.pages.uptime import Day, last_days, percent, spans_since

DAYS = 90
INCIDENT_DAYS = 14
ANNOUNCED = timedelta(days=14)
MOST_INCIDENTS = 30


@dataclass(frozen=True)
class Line:
    name: str
    status: str
    days: list[Day]
    uptime: float | None


@dataclass(frozen=True)
class Told:
    """An incident, as the public sees it."""

    name: str
    started_at: datetime
    resolved_at: datetime | None
    notes: list[IncidentNote]

    def duration(self) -> timedelta:
        return (self.resolved_at or timezone.now()) - self.started_at


@dataclass(frozen=True)
class Shown:
    title: str
    description: str
    overall: tuple[str, str | Promise]
    groups: list[tuple[str, list[Line]]]
    incidents: list[Told]
    maintenance: list[MaintenanceWindow]
    at: datetime


def shown(page: StatusPage) -> Shown:
    """Everything that stands on this page, in a fixed number of queries."""
    now = timezone.now()
    entries = list(page.entries.select_related("monitor__state").only(*COLUMNS))
    names = {entry.monitor_id: _name(entry) for entry in entries}
    spans = spans_since(names, now - timedelta(days=DAYS), now)
    groups: dict[str, list[Line]] = {}
    for entry in entries:
        own = spans.get(entry.monitor_id, [])
        uptime = percent(own, now - timedelta(days=DAYS), now)
        line = Line(names[entry.monitor_id], _status(entry), last_days(own, DAYS, now), uptime)
        groups.setdefault(entry.group, []).append(line)
    return Shown(
        page.title,
        page.description,
        _overall([line.status for lines in groups.values() for line in lines]),
        list(groups.items()),
        _incidents(names, now),
        _maintenance(names, now),
        now,
    )


COLUMNS = (
    "page_id", "group", "label", "position", "monitor__name", "monitor__active", "monitor__state__status",
)  # fmt: skip


def _name(entry: StatusPageEntry) -> str:
    return entry.label or entry.monitor.name


def _status(entry: StatusPageEntry) -> str:
    state: MonitorState | None = getattr(entry.monitor, "state", None)
    return state.status if state else Status.UNKNOWN


def _overall(statuses: Collection[str]) -> tuple[str, str | Promise]:
    """The colour and the sentence at the head of the page."""
    watched = [status for status in statuses if status not in (Status.PAUSED, Status.UNKNOWN)]
    if not watched:
        return Status.UNKNOWN, _("There is nothing to report yet")
    if all(status == Status.DOWN for status in watched):
        return Status.DOWN, _("Everything is down")
    if Status.DOWN in watched:
        return Status.DOWN, _("Some services are down")
    if Status.MAINTENANCE in watched:
        return Status.MAINTENANCE, _("Maintenance is under way")
    return Status.UP, _("All services are up")


def _incidents(names: dict[int, str], now: datetime) -> list[Told]:
    recent = Q(resolved_at=None) | Q(started_at__gt=now - timedelta(days=INCIDENT_DAYS))
    notes = Prefetch("notes", IncidentNote.objects.filter(is_public=True).only("incident", "text", "at"))
    rows = Incident.objects.filter(recent, monitor_id__in=names).prefetch_related(notes)
    rows = rows.only("monitor_id", "started_at", "resolved_at")[:MOST_INCIDENTS]
    return [
        Told(names[row.monitor_id], row.started_at, row.resolved_at, list(row.notes.all())) for row in rows
    ]


def _maintenance(monitor_ids: Iterable[int], now: datetime) -> list[MaintenanceWindow]:
    keys = list(monitor_ids)
    covers = Q(everything=True) | Q(monitors__in=keys) | Q(tags__monitors__in=keys)
    rows = MaintenanceWindow.objects.filter(covers, active=True, next_end__gt=now)
    coming = rows.filter(next_start__lt=now + ANNOUNCED).order_by("next_start", "pk").distinct()
    return list(coming.only("name", "description", "next_start", "next_end"))
