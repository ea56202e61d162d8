"""Checks of ranks: account by account, each in a job of its own, so that nothing waits and nothing is lost.

An account's new ranks, its rank-ups and the place the check has reached are one transaction: a job that is
done again after a crash finds that all is known already.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from botconfig.services import read_section
from community import channel_posts
from community.errors import Trouble
from community.rocketleague import jobs
from community.rocketleague.errors import UnknownCheck
from community.rocketleague.events import RankedUp
from community.rocketleague.models import LinkedAccount, Platform, RankCheck, RankUp, SourcePause
from community.rocketleague.services import profiles, refuse_without_key
from community.rocketleague.source import UNKNOWN_PLAYER
from community.rocketleague.tiers import TIERS, UNRANKED
from community.shelf import Reading
from hazesite.errors import NotAllowed
from hazesite.events import publish
from hazesite.housekeeping import chore

PACE = timedelta(seconds=1)
"""Between two accounts."""
RECENT = timedelta(minutes=1)
"""What somebody asked for just now need not be asked for again."""
LOOK_AGAIN = timedelta(seconds=2)
MOST_FAILURES = 5
"""In a row; then the source is taken to be down, and the check is broken off."""
STUCK = timedelta(minutes=10)
KEEP = timedelta(days=90)
FIELD = "rl_channel_id"
Ranks = dict[str, dict[str, Any]]
State = RankCheck.State


# --- beginning and looking ---------------------------------------------------
def begin_check(actor: User | None) -> RankCheck:
    """A new one, or the one that is running; one that got stuck goes on. None as actor is the clock.

    Raises `NotAllowed`, `RanksNotConfigured`.
    """
    if actor is not None and not actor.is_admin:
        raise NotAllowed
    refuse_without_key()
    try:
        return _begin(actor)
    except IntegrityError:
        return _go_on() or _begin(actor)


@transaction.atomic
def _begin(actor: User | None) -> RankCheck:
    made = RankCheck.objects.create(asked_by=actor, total=LinkedAccount.objects.count())
    jobs.check_next.enqueue(made.pk, 0)
    return made


@transaction.atomic
def _go_on() -> RankCheck | None:
    running = RankCheck.objects.select_for_update(no_key=True).filter(state=State.RUNNING).first()
    if running is not None and running.moved_at < timezone.now() - STUCK:
        running.moved_at = timezone.now()
        running.save(update_fields=["moved_at"])
        jobs.check_next.enqueue(running.pk, running.reached)
    return running


def begin_check_when_due() -> bool:
    """By the clock of the configuration; also sets a check going again that got stuck."""
    if _go_on() is not None:
        return False
    hours = read_section("rocket_league").values["rank_check_interval_hours"]
    lately = RankCheck.objects.filter(started_at__gt=timezone.now() - timedelta(hours=hours))
    if lately.exists() or not LinkedAccount.objects.exists():
        return False
    begin_check(None)
    return True


def check_of(pk: int | None = None) -> RankCheck:
    """The last one, or one by its key. Raises `UnknownCheck`."""
    rows = RankCheck.objects.all() if pk is None else RankCheck.objects.filter(pk=pk)
    found = rows.first()
    if found is None:
        raise UnknownCheck
    return found


# --- one account -------------------------------------------------------------
def check_next(check_pk: int, reached: int) -> None:
    """The account after `reached`. The network first, then everything in one transaction."""
    check = RankCheck.objects.filter(pk=check_pk, state=State.RUNNING, reached=reached).first()
    if check is None:  # done again, and another went on from here
        return
    account = LinkedAccount.objects.filter(pk__gt=reached).order_by("pk").first()
    if account is None:
        _finish(check_pk, reached)
        return
    reading = profiles.obtain(account.player, (account.platform, account.username), RECENT)
    if reading.pending or _must_wait(reading):
        _later(jobs.check_next, check_pk, reached)
        return
    _settle(check_pk, reached, account.pk, reading)


def _must_wait(reading: Reading) -> bool:
    """The source asked for a pause: that is no failure of the account's."""
    return reading.failure is not None and reading.failure.asks_for_pause


def _later(task: Any, *args: int) -> None:
    """After as long as the source wants to be left alone, or after a moment."""
    paused = SourcePause.objects.order_by("-until").first()
    soon = timezone.now() + LOOK_AGAIN
    task.using(run_after=max(soon, paused.until) if paused else soon).enqueue(*args)


@transaction.atomic
def _settle(check_pk: int, reached: int, account_pk: int, reading: Reading) -> None:
    check = RankCheck.objects.select_for_update(no_key=True).get(pk=check_pk)
    if check.reached != reached or check.state != State.RUNNING:
        return
    told = apply(account_pk, reading)
    check.reached, check.moved_at = account_pk, timezone.now()
    check.checked += 1
    check.rank_ups += told
    failed = reading.failure is not None
    check.failed += failed
    source_failed = reading.failure is not None and reading.failure.code != UNKNOWN_PLAYER
    check.failed_in_a_row = check.failed_in_a_row + 1 if source_failed else 0
    if reading.failure is not None and check.failed_in_a_row >= MOST_FAILURES:
        check.state, check.error, check.finished_at = State.FAILED, reading.failure.message, timezone.now()
    check.save()
    if check.state == State.RUNNING:
        jobs.check_next.using(run_after=timezone.now() + PACE).enqueue(check_pk, account_pk)


def _finish(check_pk: int, reached: int) -> None:
    rows = RankCheck.objects.filter(pk=check_pk, state=State.RUNNING, reached=reached)
    rows.update(state=State.DONE, finished_at=timezone.now(), moved_at=timezone.now())


def check_account(account_pk: int) -> int:
    """One alone, after it was linked. How many rank-ups."""
    account = LinkedAccount.objects.filter(pk=account_pk).first()
    if account is None:
        return 0
    reading = profiles.obtain(account.player, (account.platform, account.username), RECENT)
    if reading.pending or _must_wait(reading):
        _later(jobs.check_account, account_pk)
        return 0
    with transaction.atomic():
        return apply(account_pk, reading)


# --- what rose ---------------------------------------------------------------
def apply(account_pk: int, reading: Reading) -> int:
    """Note what was read of an account, and tell of what rose. How many rank-ups. Inside a transaction."""
    account = LinkedAccount.objects.select_for_update(no_key=True, of=("self",)).filter(pk=account_pk)
    row = account.select_related("user").first()
    if row is None:  # unlinked meanwhile
        return 0
    if reading.failure is not None or reading.value is None:
        trouble = reading.failure or Trouble(502, "", "", "")
        row.error = trouble.message[:300]
        row.save(update_fields=["error"])
        return 0
    told = _compare(row, reading.value["season"], reading.value["ranks"])
    row.checked_at, row.error = reading.fetched_at, ""
    row.save(update_fields=["ranks", "peaks", "season", "checked_at", "error"])
    return told


def _compare(row: LinkedAccount, season: int, ranks: Ranks) -> int:
    """A rank-up is a tier above all that was seen in this season; the first sight of a season tells nothing.

    So whoever falls and comes back is not told of again.
    """
    new_season = row.season != season
    peaks: dict[str, int] = {} if new_season else dict(row.peaks)
    told = 0
    for playlist, rank in ranks.items():
        before, now = peaks.get(playlist, UNRANKED), rank["tier_number"]
        if now <= before:
            continue
        peaks[playlist] = now
        if before != UNRANKED:
            told += _tell(row, season, playlist, before, now)
    row.season, row.ranks, row.peaks = season, ranks, peaks
    return told


def _tell(row: LinkedAccount, season: int, playlist: str, before: int, now: int) -> bool:
    """False: this person was told of it already, of this player or another."""
    made, is_new = RankUp.objects.get_or_create(
        user=row.user, season=season, playlist=playlist, to_tier=now, defaults={"from_tier": before}
    )
    if is_new:
        publish(RankedUp(made.pk, row.user_id, playlist, TIERS[before], TIERS[now]))
        _post(row, made)
    return is_new


def _post(row: LinkedAccount, rank_up: RankUp) -> None:
    discord_id = row.user.discord_id
    who = f"<@{discord_id}>" if discord_id else row.user.username
    embed = {
        "title": f"Rank-up in {rank_up.playlist}: {TIERS[rank_up.to_tier]}",
        "description": f"{row.username} ({Platform(row.platform).label}) was {TIERS[rank_up.from_tier]}.",
    }
    ping = [str(discord_id)] if discord_id else []
    channel_posts.post(FIELD, f"rank-up:{rank_up.pk}", embed, content=who, users=ping)


@chore
def forget_old_checks() -> int:
    old = RankCheck.objects.filter(started_at__lt=timezone.now() - KEEP)
    return old.exclude(state=State.RUNNING).delete()[0]
