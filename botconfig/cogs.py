"""The parts of the bot as rows: wanted or not, and what the running bot says of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from botconfig.errors import BotOffline
from botconfig.events import BotAsked
from botconfig.models import BotCommand, BotPresence, Cog
from hazesite.events import publish
from hazesite.housekeeping import chore

ANSWER_SECONDS = 10.0
KEEP_COMMANDS = timedelta(days=7)
FOLLOWS_GUILD = "guild_rows"
"""The part of the bot that keeps members and their roles."""


def cogs() -> QuerySet[Cog]:
    return Cog.objects.all()


def bot_is_away() -> bool:
    """Whether no bot is connected to Discord."""
    presence = BotPresence.objects.filter(until__gt=timezone.now()).first()
    return presence is None or not presence.facts.get("connected")


def nobody_follows_the_guild() -> bool:
    """Whether a change of somebody's roles in Discord would not be heard of."""
    return bot_is_away() or not Cog.objects.filter(name=FOLLOWS_GUILD, loaded=True).exists()


# --- what the bot says -------------------------------------------------------
def keep_cogs(names: Iterable[str]) -> dict[str, bool]:
    """A row for each part there is; whether each is wanted."""
    names = list(names)
    Cog.objects.exclude(name__in=names).delete()
    Cog.objects.bulk_create([Cog(name=name) for name in names], ignore_conflicts=True)
    return dict(Cog.objects.values_list("name", "wanted"))


def want_cog(name: str, *, wanted: bool) -> None:
    Cog.objects.filter(name=name).update(wanted=wanted)


def note_cog(name: str, *, loaded: bool, error: str = "") -> None:
    now = timezone.now()
    Cog.objects.filter(name=name).update(loaded=loaded, error=error[:500], changed_at=now)


def commands_digest() -> str:
    """Of the slash commands as Discord was told them."""
    known = BotPresence.objects.filter(name="commands").values_list("holder", flat=True).first()
    return known or ""


def note_commands(digest: str) -> None:
    BotPresence.objects.update_or_create(name="commands", defaults={"holder": digest})


# --- asking the running bot --------------------------------------------------
def ask(kind: str, arguments: dict[str, Any], actor: User) -> BotCommand:
    """Raises `BotOffline` where nobody would answer."""
    if bot_is_away():
        raise BotOffline
    with transaction.atomic():
        command = BotCommand.objects.create(kind=kind, arguments=arguments, asked_by=actor)
        publish(BotAsked(kind, str(arguments.get("cog_name", "")), actor.pk))
    return command


def answer_to(command: BotCommand) -> dict[str, Any] | None:
    """None while there is none."""
    row = BotCommand.objects.filter(pk=command.pk, answered_at__isnull=False).first()
    return row.answer if row else None


def unanswered() -> list[BotCommand]:
    """What somebody still waits for, oldest first."""
    recent = timezone.now() - timedelta(seconds=ANSWER_SECONDS + 2)
    return list(BotCommand.objects.filter(answered_at=None, asked_at__gt=recent).order_by("asked_at"))


def note_answer(command: BotCommand, answer: dict[str, Any]) -> None:
    BotCommand.objects.filter(pk=command.pk).update(answered_at=timezone.now(), answer=answer)


@chore
def forget_bot_commands() -> int:
    gone, _rows = BotCommand.objects.filter(asked_at__lt=timezone.now() - KEEP_COMMANDS).delete()
    return gone
