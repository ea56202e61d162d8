"""A person's account in the game, and when their rank rose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from community.rocketleague.models import LinkedAccount, Profile, RankCheck, RankUp
from hazesite import personal_data
from hazesite.outgoing.models import Delivery
from hazesite.personal_data import Part, Rows, Trace

HELD = (LinkedAccount, RankUp)


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    yield "rocket_league", LinkedAccount.objects.filter(user=person.pk).values("platform", "username")
    rows = RankUp.objects.filter(user=person.pk)
    yield "rank_ups", rows.values("season", "playlist", "from_tier", "to_tier", "at")


def erase(trace: Trace) -> int:
    """With the ranks kept of their player, and what was to be said of them in Discord."""
    players = LinkedAccount.objects.filter(user=trace.person.pk).values_list("player", flat=True)
    Profile.objects.filter(key__in=list(players)).delete()
    keys = RankUp.objects.filter(user=trace.person.pk).values_list("pk", flat=True)
    Delivery.objects.filter(thing__in=[f"rank-up:{key}" for key in keys]).delete()
    return sum(model._default_manager.filter(user=trace.person.pk).delete()[0] for model in HELD)


def register() -> None:
    held = [model._meta.label for model in HELD]
    personal_data.register(Part("rocketleague", held, export, erase, turn=1))
    personal_data.not_personal("A round of looks; who asked is a pseudonym", RankCheck._meta.label)
