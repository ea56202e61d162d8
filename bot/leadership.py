"""Which of several bots acts: the one that holds the lease in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from botconfig.models import BotPresence

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 4.0
NAME = "bot"


def take(holder: str) -> bool:
    """Become or stay the one that leads. False while another one does."""
    now = timezone.now()
    BotPresence.objects.get_or_create(name=NAME, defaults={"until": now})
    free = BotPresence.objects.filter(Q(holder=holder) | Q(until__lt=now), name=NAME)
    return free.update(holder=holder, until=now + LEASE) == 1


def keep(holder: str, facts: dict[str, Any]) -> bool:
    """Keep the lease and say how the bot is. False when another one took it."""
    mine = BotPresence.objects.filter(name=NAME, holder=holder)
    return mine.update(until=timezone.now() + LEASE, facts=facts) == 1


def begin(holder: str, facts: dict[str, Any]) -> None:
    """The bot is connected to Discord from now on."""
    mine = BotPresence.objects.filter(name=NAME, holder=holder)
    mine.update(since=timezone.now(), facts=facts)


def give_up(holder: str) -> None:
    """Let another one take over at once."""
    BotPresence.objects.filter(name=NAME, holder=holder).update(
        until=timezone.now() - timedelta(seconds=1), since=None, facts={}
    )
