"""The sessions that began on one day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from analytics import days
from analytics.collecting.cleaning import OTHER
from analytics.models import SessionDay, UsageSession
from analytics.rollups.uses import MAX_VERSIONS

STEP_SECONDS, LONGEST_SECONDS = 10, 12 * 3600
MAX_NAMES = 50
"""Of devices and countries, each: the rest is "Other"."""


@dataclass
class Added:
    sessions: int = 0
    seconds: int = 0
    actions: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    devices: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)

    def add(self, session: UsageSession) -> None:
        seconds = int((session.last_at - session.started_at).total_seconds())
        self.sessions += 1
        self.seconds += seconds
        self.actions += session.actions
        self.lengths[min(seconds, LONGEST_SECONDS) // STEP_SECONDS] += 1
        self.devices[session.device] += 1
        self.countries[session.country] += 1


def add_up(day: date) -> None:
    """For a transaction of the caller's."""
    found: defaultdict[tuple[str, str, str], Added] = defaultdict(Added)
    versions: set[str] = set()
    for session in _begun_on(day):
        if len(versions) < MAX_VERSIONS:
            versions.add(session.version)
        version = session.version if session.version in versions else OTHER
        found[session.platform, version, session.role].add(session)
    SessionDay.objects.filter(day=day).delete()
    SessionDay.objects.bulk_create([_row(day, kind, added) for kind, added in found.items()])


def days_touched(since: datetime, until: datetime) -> list[date]:
    """On which days those sessions began that went on, or began, in this time."""
    rows = UsageSession.objects.filter(last_at__gte=since, started_at__lt=until)
    return sorted({days.day_of(begin) for begin in rows.values_list("started_at", flat=True).iterator()})


def _begun_on(day: date) -> Iterable[UsageSession]:
    begin, end = days.bounds(day)
    columns = ("platform", "version", "role", "started_at", "last_at", "actions", "device", "country")
    rows = UsageSession.objects.filter(started_at__gte=begin, started_at__lt=end).only(*columns)
    return rows.order_by("version", "pk").iterator(2000)


def _row(day: date, kind: tuple[str, str, str], added: Added) -> SessionDay:
    platform, version, role = kind
    return SessionDay(
        day=day,
        platform=platform,
        version=version,
        role=role,
        sessions=added.sessions,
        seconds=added.seconds,
        actions=added.actions,
        lengths={str(step): count for step, count in added.lengths.items()},
        devices=most_common(added.devices),
        countries=most_common(added.countries),
    )


def most_common(counts: Mapping[str, int], most: int = MAX_NAMES) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    kept, rest = dict(ordered[:most]), sum(count for _name, count in ordered[most:])
    return kept | ({OTHER: kept.get(OTHER, 0) + rest} if rest else {})
