"""The uses of one hour, taken from the rows of that hour, put in their place in those of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Sum
from pyroaring import BitMap

from analytics import sets
from analytics.collecting.cleaning import OTHER
from analytics.days import MAX_HOURS
from analytics.features import ALL
from analytics.models import FeatureUse, UsageDay

MAX_VERSIONS = 40
"""Of one day: anybody can claim to have any version, and the figures should not grow with that."""
EVERYBODY = ("", "", "")
"""In the place of platform, version and role: all of them. No real platform is without a name."""
CHANGED = ["uses", "failures", "uses_by_hour", "failures_by_hour", "visitors", "visitors_by_hour"]


class Kind(NamedTuple):
    feature: str
    platform: str
    version: str
    role: str


@dataclass
class Hour:
    """What was used of one kind in one hour, and by whom."""

    uses: int = 0
    failures: int = 0
    visitors: set[int] = field(default_factory=set)

    def add(self, visitor: int, uses: int, failures: int) -> None:
        self.uses += uses
        self.failures += failures
        self.visitors.add(visitor)


class Day:
    """The rows of one day, while its hours are added up. For a transaction of the caller's."""

    def __init__(self, day: date) -> None:
        self.day = day
        rows = UsageDay.objects.filter(day=day)
        self._rows = {Kind(row.feature, row.platform, row.version, row.role): row for row in rows}
        self._versions = {kind.version for kind in self._rows}
        self._changed: set[Kind] = set()

    def empty(self) -> None:
        for kind, row in self._rows.items():
            row.uses_by_hour, row.failures_by_hour = [0] * MAX_HOURS, [0] * MAX_HOURS
            row.visitors_by_hour = sets.packed(BitMap())
            self._changed.add(kind)

    def put(self, number: int, begin: datetime, end: datetime) -> None:
        """The hour with this number is as its uses say it, whatever was there before."""
        found = self._gathered(begin, end)
        was_there = {kind for kind, row in self._rows.items() if row.uses_by_hour[number]}
        for kind in found.keys() | was_there:
            self._place(kind, number, found.get(kind) or Hour())

    def _gathered(self, begin: datetime, end: datetime) -> dict[Kind, Hour]:
        found: defaultdict[Kind, Hour] = defaultdict(Hour)
        for feature, platform, version, role, visitor, uses, failures in _uses(begin, end):
            known = self._known(version)
            for name in (feature, ALL):
                found[Kind(name, platform, known, role)].add(visitor, uses, failures)
                found[Kind(name, *EVERYBODY)].add(visitor, uses, failures)
        return found

    def _known(self, version: str) -> str:
        if version not in self._versions:
            if len(self._versions) >= MAX_VERSIONS:
                return OTHER
            self._versions.add(version)
        return version

    def _place(self, kind: Kind, number: int, hour: Hour) -> None:
        row = self._rows.get(kind) or self._new(kind)
        row.uses_by_hour[number], row.failures_by_hour[number] = hour.uses, hour.failures
        others = sets.without_hour(sets.unpacked(row.visitors_by_hour), number)
        row.visitors_by_hour = sets.packed(others | sets.in_hour(number, hour.visitors))
        self._changed.add(kind)

    def _new(self, kind: Kind) -> UsageDay:
        row = self._rows[kind] = UsageDay(
            day=self.day,
            **kind._asdict(),
            uses_by_hour=[0] * MAX_HOURS,
            failures_by_hour=[0] * MAX_HOURS,
            visitors_by_hour=sets.packed(BitMap()),
        )
        return row

    def save(self) -> None:
        rows = [self._rows[kind] for kind in sorted(self._changed)]
        for row in rows:
            row.uses, row.failures = sum(row.uses_by_hour), sum(row.failures_by_hour)
            row.visitors = sets.packed(sets.of_day(sets.unpacked(row.visitors_by_hour)))
        gone = [row.pk for row in rows if not row.uses and row.pk]
        UsageDay.objects.filter(pk__in=gone).delete()
        UsageDay.objects.bulk_create(
            [_fresh(row) for row in rows if row.uses],
            update_conflicts=True,
            unique_fields=["feature", "day", "platform", "version", "role"],
            update_fields=CHANGED,
            batch_size=200,
        )


def _fresh(row: UsageDay) -> UsageDay:
    """Written by what it is unique by, not by its key."""
    row.pk = None
    return row


def _uses(begin: datetime, end: datetime) -> Iterable[tuple[str, str, str, str, int, int, int]]:
    rows = FeatureUse.objects.filter(at__gte=begin, at__lt=end).order_by()
    kinds = rows.values_list("feature", "platform", "version", "role", "visitor")
    return kinds.annotate(Sum("uses"), Sum("failures")).order_by("version").iterator(5000)
