"""A month of a small community that does not exist, for a dashboard with something on it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from analytics import days
from analytics.collecting.visitors import current_salt, number_of
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
NAMES = (
    ("amber", "brave", "calm", "dusty", "eager", "fuzzy", "gentle", "hasty", "icy", "jolly", "lucky", "mild"),
    ("ant", "bear", "crane", "dingo", "egret", "falcon", "gecko", "heron", "ibex", "jackal", "koala", "lynx"),
)
HOURS = (2, 1, 1, 0, 0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 6, 8, 10, 12, 15, 18, 20, 18, 12, 6)


@dataclass
class Member:
    user: User
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
        members = self._members()
        for number in range(DAYS):
            for member in members:
                if self._comes(member, number):
                    self._session(member, number)
        UsageSession.objects.bulk_create(self.sessions)
        for place, use in self.uses:
            use.session = self.sessions[place].pk
        FeatureUse.objects.bulk_create((use for _place, use in self.uses), batch_size=2000)
        self._note_logins(members)

    def _members(self) -> list[Member]:
        made = [self._member(number, user) for number, user in enumerate(self._accounts())]
        User.objects.bulk_create(member.user for member in made if member.user._state.adding)
        salt = current_salt()
        for member in made:
            member.visitor.key = number_of("visitor", member.user.pk, salt)
        known = set(Visitor.objects.values_list("key", flat=True))
        made = [member for member in made if member.visitor.key not in known]
        Visitor.objects.bulk_create(member.visitor for member in made)
        return made

    def _accounts(self) -> Iterator[User]:
        """Those there are, and as many more as the community lacks; nobody can sign in as these."""
        there = {user.username: user for user in User.objects.people().order_by("pk")[:PEOPLE]}
        yield from there.values()
        names = ("_".join(parts) for parts in itertools.product(*NAMES))
        for name in itertools.islice((one for one in names if one not in there), PEOPLE - len(there)):
            yield User(username=name, password=make_password(None))

    def _member(self, number: int, user: User) -> Member:
        since = 0 if not user._state.adding or number % 2 else self.chance.randrange(DAYS)
        first = days.today() - timedelta(days=DAYS - 1 - since)
        if user._state.adding:
            user.created_at = days.begin_of(first)
        liking = 0.8 if user.is_staff else self.chance.betavariate(1.3, 3.2)
        role = (Role.MODERATOR if user.is_staff else Role.LOOTLING).value
        return Member(user, Visitor(first_day=first), self._one_of(PLATFORMS), role, since, liking)

    def _note_logins(self, members: list[Member]) -> None:
        """Of the new accounts: who stays away is found by it."""
        last = {stay.visitor: stay.last_at for stay in self.sessions}
        new = [member for member in members if member.user.last_login is None]
        for member in new:
            member.user.last_login = last.get(member.visitor.pk)
        User.objects.bulk_update([member.user for member in new], ["last_login"])

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
