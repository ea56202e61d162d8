"""Players' ranks, and whose account a player is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from botconfig.services import read_section
from community.errors import SourceTrouble, busy, slow
from community.rocketleague import jobs
from community.rocketleague.errors import AccountTaken, NothingLinked, RanksNotConfigured, UnknownPlayer
from community.rocketleague.models import LinkedAccount, Profile, SourcePause
from community.rocketleague.source import UNKNOWN_PLAYER, source
from community.shelf import Reading, Shelf
from hazesite import ratelimits
from hazesite.housekeeping import chore

STATS_PER_USER, LINKS_PER_USER = "60/m", "20/h"
KEEP_PROFILES = timedelta(days=30)
Who = tuple[str, str]
"""Platform and username."""


def refuse_without_key() -> None:
    if not settings.ROCKET_LEAGUE_API_KEY:
        raise RanksNotConfigured


def key_of(platform: str, username: str) -> str:
    """Names are the same in large and small letters."""
    return f"{platform}:{username.casefold()}"


def _fetch(who: Who, _before: Any) -> dict[str, Any]:
    ranks = source()
    pause = SourcePause.objects.filter(source=ranks.name, until__gt=timezone.now()).first()
    if pause is not None:
        raise busy(ranks.name, (pause.until - timezone.now()).total_seconds())
    try:
        return asdict(ranks.player(*who))
    except SourceTrouble as trouble:
        if trouble.asks_for_pause:
            until = timezone.now() + timedelta(seconds=trouble.pause)
            SourcePause.objects.update_or_create(source=ranks.name, defaults={"until": until})
        raise


profiles = Shelf(Profile, _fetch)


# --- a player's ranks --------------------------------------------------------
def refuse_hurry(user: User) -> None:
    """Before `stats`. Raises `RanksNotConfigured`, and `TooMany` for somebody who asks without end."""
    refuse_without_key()
    ratelimits.spend("player-stats", user.pk, STATS_PER_USER)


def stats(platform: str, username: str, since: datetime) -> dict[str, Any] | None:
    """As the contract has them; `cached`: known since before `since`. None while the source is being asked.

    An old answer is given where the source fails. Raises `UnknownPlayer`, and `SourceTrouble` without one.
    """
    lifetime = timedelta(seconds=read_section("rocket_league").values["rank_cache_ttl_seconds"])
    reading = profiles.ask(key_of(platform, username), (platform, username), lifetime)
    if reading.pending:
        return None
    refuse_unknown(reading)
    if reading.value is None or reading.fetched_at is None:
        raise reading.failure.refusal() if reading.failure else too_late()
    return {
        "username": reading.value["username"],
        "platform": platform,
        "season": reading.value["season"],
        "ranks": reading.value["ranks"],
        "cached": reading.fetched_at < since,
        "fetched_at": reading.fetched_at.isoformat().replace("+00:00", "Z"),
    }


def refuse_unknown(reading: Reading) -> None:
    if reading.failure is not None and reading.failure.code == UNKNOWN_PLAYER:
        raise UnknownPlayer(source=reading.failure.source)


def too_late() -> SourceTrouble:
    return slow(source().name)


# --- linking -----------------------------------------------------------------
def linked(user: User) -> LinkedAccount:
    """Raises `NothingLinked`."""
    found = LinkedAccount.objects.filter(user=user).first()
    if found is None:
        raise NothingLinked
    return found


@transaction.atomic
def link(user: User, platform: str, username: str) -> LinkedAccount:
    """In place of what was linked before; the same again changes nothing. Its ranks are read soon after.

    Raises `AccountTaken`, `TooMany`.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    player = key_of(platform, username)
    before = LinkedAccount.objects.filter(user=user).first()
    if before is not None and before.player == player:
        return before
    ratelimits.spend("rocket-league-links", user.pk, LINKS_PER_USER)
    if before is not None:
        before.delete()
    try:
        with transaction.atomic():
            made = LinkedAccount.objects.create(
                user=user, platform=platform, username=username, player=player
            )
    except IntegrityError as error:
        raise AccountTaken from error
    if settings.ROCKET_LEAGUE_API_KEY:
        jobs.check_account.enqueue(made.pk)
    return made


@transaction.atomic
def unlink(user: User) -> None:
    """Raises `NothingLinked`."""
    linked(user).delete()


@chore
def forget_old_profiles() -> int:
    gone, _rows = Profile.objects.filter(fetched_at__lt=timezone.now() - KEEP_PROFILES).delete()
    never = Profile.objects.filter(fetched_at=None, retry_at__lt=timezone.now() - timedelta(days=1))
    return gone + never.delete()[0]
