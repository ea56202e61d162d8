"""A month of a small community that does not exist, for a dashboard with something on it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from analytics import days
from analytics.models import FeatureUse, UsageSession, Visitor
from analytics.rollups import running

DAYS, PEOPLE = 35, 140
PLATFORMS = {"Android": 40, "Web": 32, "iOS": 18, "Windows": 10}
DEVICES = {"Android": ("Pixel 9", "Galaxy S25", "Fairphone 6"), "iOS": ("iPhone 16", "iPad Air")}
FEATURES = {
    "tickets.list": 30, "tickets.read": 26, "tickets.message": 18, "memes.random": 14,
    "notifications.read": 8, "rocketleague.stats": 7, "memes.make": 4, "tickets.open": 4,
    "tickets.attach": 2, "profile": 1,
}  # fmt: skip
OF_STAFF = {
    "tickets.list": 20, "tickets.read": 24, "tickets.message": 20, "desk.claim": 8, "desk.close": 6,
    "desk.note": 5, "desk.replies": 5, "desk.sort": 4, "people": 2, "configuration": 1,
}  # fmt: skip
HOURS = (2, 1, 1, 0, 0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 6, 8, 10, 12, 15, 18, 20, 18, 12, 6)


@dataclass
class Member:
    visitor: Visitor
    platform: str
    role: str
    since: int
    """Which day of the month was their first."""
    liking: float
    """How likely they come on a day."""


class Month:
    """Always the same month, up to now."""

    def __init__(self) -> None:
        self.chance, self.now = random.Random(5070), timezone.now()  # noqa: S311 - nothing is secret here
        self.sessions: list[UsageSession] = []
        self.uses: list[tuple[int, FeatureUse]] = []

    def store(self) -> None:
        members = list(self._members())
        Visitor.objects.bulk_create([member.visitor for member in members])
        for number in range(DAYS):
            for member in members:
                if self._comes(member, number):
                    self._session(member, number)
        UsageSession.objects.bulk_create(self.sessions)
        for place, use in self.uses:
            use.session = self.sessions[place].pk
        FeatureUse.objects.bulk_create((use for _place, use in self.uses), batch_size=2000)

    def _members(self) -> Iterator[Member]:
        for number in range(PEOPLE):
            since = 0 if number < PEOPLE // 2 else self.chance.randrange(DAYS)
            first = days.today() - timedelta(days=DAYS - 1 - since)
            visitor = Visitor(key=self.chance.getrandbits(62), first_day=first)
            role = "moderator" if number % 25 == 0 else "lootling"
            liking = 0.8 if role == "moderator" else self.chance.betavariate(1.3, 3.2)
            yield Member(visitor, self._one_of(PLATFORMS), role, since, liking)

    def _comes(self, member: Member, number: int) -> bool:
        if number <= member.since:
            return number == member.since
        weary = math.exp((member.since - number) / 40)
        weekend = 1.25 if (days.today() - timedelta(days=DAYS - 1 - number)).weekday() >= 5 else 1.0
        return self.chance.random() < member.liking * weary * weekend

    def _session(self, member: Member, number: int) -> None:
        begin = days.begin_of(days.today() - timedelta(days=DAYS - 1 - number))
        hour = self.chance.choices(range(24), HOURS)[0]
        at = last = begin + timedelta(hours=hour, seconds=self.chance.randrange(3600))
        version = "2.5.0" if number > 20 + self.chance.randrange(12) else "2.4.1"
        kind = {"platform": member.platform, "version": version, "role": member.role}
        place, actions = len(self.sessions), 0
        for _step in range(1 + int(self.chance.expovariate(1 / 6))):
            use = self._use(member, last, kind)
            if last > self.now:
                break
            self.uses.append((place, use))
            actions += use.uses
            last += timedelta(seconds=self.chance.expovariate(1 / 70))
        if actions:
            self.sessions.append(self._stay(member, at, min(last, self.now), actions, kind))

    def _use(self, member: Member, at: datetime, kind: dict[str, str]) -> FeatureUse:
        feature = self._one_of(OF_STAFF if member.role == "moderator" else FEATURES)
        failed = self.chance.random() < (0.02 if kind["version"] == "2.4.1" else 0.004)
        return FeatureUse(
            at=at, visitor=member.visitor.pk, feature=feature, uses=1, failures=int(failed), **kind
        )

    def _stay(
        self, member: Member, at: datetime, last: datetime, actions: int, kind: dict[str, str]
    ) -> UsageSession:
        return UsageSession(
            thread=self.chance.getrandbits(62),
            visitor=member.visitor.pk,
            started_at=at,
            last_at=last,
            ended_at=last,
            actions=actions,
            device=self.chance.choice(DEVICES.get(member.platform, ("",))),
            country=self._one_of({"DE": 60, "AT": 15, "CH": 8, "EG": 6, "": 11}),
            **kind,
        )

    def _one_of(self, weights: dict[str, int]) -> str:
        return self.chance.choices(list(weights), list(weights.values()))[0]


def tell() -> bool:
    """Where nobody was here before today; False elsewhere."""
    if Visitor.objects.filter(first_day__lt=days.today()).exists():
        return False
    Month().store()
    running.run_since(max(running.oldest_day(), days.today() - timedelta(days=DAYS - 1)))
    return True
