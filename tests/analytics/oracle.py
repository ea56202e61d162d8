"""Every figure again, counted in plain Python from plain rows: slow, and too simple to be wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.answers.window import Window
from analytics.features import FEATURES
from analytics.models import FeatureUse, UsageSession, Visitor

NAMES = sorted(FEATURES)[:6]
PLATFORMS, VERSIONS, ROLES = ("Web", "Android", "iOS"), ("2.4.1", "2.5.0", ""), ("lootling", "moderator")


@dataclass(frozen=True)
class Used:
    at: datetime
    visitor: int
    session: int
    feature: str
    platform: str
    version: str
    role: str
    uses: int
    failures: int


@dataclass(frozen=True)
class Stayed:
    visitor: int
    started_at: datetime
    last_at: datetime
    platform: str
    version: str
    role: str
    actions: int
    device: str
    country: str


@dataclass
class World:
    """Some people who come now and then between two moments, and more and more of them."""

    zone: ZoneInfo
    uses: list[Used] = field(default_factory=list)
    stays: list[Stayed] = field(default_factory=list)

    @classmethod
    def made(cls, seed: int, zone: str, begin: datetime, end: datetime, sessions: int = 70) -> World:
        chance, world = random.Random(seed), cls(ZoneInfo(zone))
        for number in range(sessions):
            at = begin + (end - begin) * chance.random()
            world._session(chance, number, world._at_an_edge(at, number), chance.randint(1, 25))
        return world

    def _at_an_edge(self, at: datetime, number: int) -> datetime:
        """Of some sessions: where an hour or a day ends and the next begins."""
        if number % 7 == 0:
            return self.local_hour(at)
        if number % 7 == 1:
            return self._midnight(at)
        return at

    def _session(self, chance: random.Random, number: int, at: datetime, visitor: int) -> None:
        kind = (chance.choice(PLATFORMS), chance.choice(VERSIONS), ROLES[visitor % 9 == 0])
        start = last = at
        count = chance.randint(1, 6)
        for _ in range(count):
            last += timedelta(seconds=chance.choice((0, 20, 300, 1500)))
            uses = chance.randint(1, 4)
            failures = chance.choice((0, 0, 0, 1))
            self.uses.append(Used(last, visitor, number, chance.choice(NAMES), *kind, uses, failures))
        device, country = chance.choice(("Pixel 9", "iPhone", "")), chance.choice(("DE", "", "EG"))
        self.stays.append(Stayed(visitor, start, last, *kind, count, device, country))

    def store(self) -> None:
        FeatureUse.objects.bulk_create(FeatureUse(**vars(use)) for use in self.uses)
        ended = [
            UsageSession(**vars(stay), thread=place, ended_at=stay.last_at)
            for place, stay in enumerate(self.stays)
        ]
        UsageSession.objects.bulk_create(ended)
        first = {visitor: min(self.day(use.at) for use in self.of(visitor)) for visitor in self.visitors}
        Visitor.objects.bulk_create(Visitor(pk=v, key=v, first_day=day) for v, day in first.items())

    # --- plain questions -----------------------------------------------------
    @property
    def visitors(self) -> set[int]:
        return {use.visitor for use in self.uses}

    def of(self, visitor: int) -> list[Used]:
        return [use for use in self.uses if use.visitor == visitor]

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def local_hour(self, at: datetime) -> datetime:
        """When its hour began, as days are divided: from midnight on, in steps of an hour."""
        midnight = self._midnight(at)
        return midnight + (at - midnight) // timedelta(hours=1) * timedelta(hours=1)

    def _midnight(self, at: datetime) -> datetime:
        local = at.astimezone(self.zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)

    def within(self, window: Window) -> list[Used]:
        return [use for use in self.uses if self._fits(use, self.day(use.at), window)]

    def stays_within(self, window: Window) -> list[Stayed]:
        return [stay for stay in self.stays if self._fits(stay, self.day(stay.started_at), window)]

    def _fits(self, row: Used | Stayed, day: date, window: Window) -> bool:
        same = all(getattr(row, name) == value for name, value in window.kind.items())
        return same and window.first <= day <= window.last

    # --- figures -------------------------------------------------------------
    def users_between(self, window: Window, first: date, last: date) -> set[int]:
        return {use.visitor for use in self.within(Window(first, last, **window.kind))}

    def first_day(self, visitor: int) -> date:
        return min(self.day(use.at) for use in self.of(visitor))

    def users(self, window: Window) -> list[dict[str, object]]:
        return [
            {
                "day": day,
                "users": len(today := self.users_between(window, day, day)),
                "new": sum(self.first_day(visitor) == day for visitor in today),
                "week": len(self.users_between(window, day - timedelta(days=6), day)),
                "month": len(self.users_between(window, day - timedelta(days=29), day)),
            }
            for day in window.days()
        ]

    def cohorts(self, window: Window, step: int) -> list[tuple[date, int, list[int]]]:
        count = window.length // step
        starts = [window.last - timedelta(days=step * (count - place) - 1) for place in range(count)]
        found = []
        for place, start in enumerate(starts):
            end = start + timedelta(days=step - 1)
            came_then = self.within(Window(start, end, **window.kind))
            cohort = {u.visitor for u in came_then if self.first_day(u.visitor) == self.day(u.at)}
            later = [
                len(cohort & self.users_between(window, begin, begin + timedelta(days=step - 1)))
                for begin in starts[place:]
            ]
            found.append((start, len(cohort), later))
        return found

    def ranking(self, window: Window) -> list[tuple[str, int, int, int]]:
        rows = []
        for name in NAMES:
            used = [use for use in self.within(window) if use.feature == name]
            if used:
                users = len({use.visitor for use in used})
                rows.append((name, total(used), sum(use.failures for use in used), users))
        return sorted(rows, key=lambda row: (-row[3], -row[1], row[0]))

    def funnel(self, window: Window, steps: list[str]) -> list[int]:
        counts = [0] * len(steps)
        everybody = {use.visitor for use in self.within(window)}
        for visitor in everybody:
            mine = [use for use in self.within(window) if use.visitor == visitor]
            for place in range(self._steps_taken(mine, steps)):
                counts[place] += 1
        return counts

    def _steps_taken(self, mine: list[Used], steps: list[str]) -> int:
        since: datetime | None = None
        for place, step in enumerate(steps):
            hours = [self.local_hour(use.at) for use in mine if use.feature == step]
            hours = [hour for hour in hours if since is None or hour >= since]
            if not hours:
                return place
            since = min(hours)
        return len(steps)

    def breakdown(self, window: Window, name: str) -> list[tuple[str, int, int, int]]:
        used, stays = self.within(window), self.stays_within(window)
        rows = []
        for kind in {getattr(use, name) for use in used}:
            of_kind = [use for use in used if getattr(use, name) == kind]
            sessions = sum(getattr(stay, name) == kind for stay in stays)
            rows.append((kind, len({use.visitor for use in of_kind}), sessions, total(of_kind)))
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def by_hour_of_week(self, window: Window) -> Counter[tuple[int, int]]:
        found: Counter[tuple[int, int]] = Counter()
        for use in self.within(window):
            begin = self.local_hour(use.at).astimezone(self.zone)
            found[self.day(use.at).weekday(), begin.hour] += use.uses
        return found

    def seconds(self, window: Window) -> list[int]:
        stays = self.stays_within(window)
        return sorted(int((stay.last_at - stay.started_at).total_seconds()) for stay in stays)


def total(used: Iterable[Used]) -> int:
    return sum(use.uses for use in used)


def smallest_covering(values: list[int], percent: int) -> int | None:
    """The smallest value that at least so many of a hundred values do not exceed."""
    for value in values:
        if sum(other <= value for other in values) * 100 >= percent * len(values):
            return value
    return None
