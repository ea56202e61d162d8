"""How the bot and the tickets stand, in a few figures."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone

from accounts.models import User
from bot.models import Mirror
from botconfig.models import BotPresence
from hazesite.errors import NotAllowed
from tickets.models import Ticket
from tickets.states import UNDONE


def stats(actor: User) -> dict[str, Any]:
    """Raises `NotAllowed`. Three queries."""
    if not actor.is_admin:
        raise NotAllowed
    running = Q(status__in=UNDONE)
    tickets = Ticket.objects.filter(deleted_at=None).aggregate(
        total=Count("pk"), open=Count("pk", filter=running)
    )
    return {
        **bot_figures(),
        "total_tickets": tickets["total"],
        "open_tickets": tickets["open"],
        **mirror_figures(),
    }


def bot_figures() -> dict[str, Any]:
    """Zeros and `bot_online` false while no bot is connected."""
    now = timezone.now()
    presence = BotPresence.objects.filter(name="bot", until__gt=now).first()
    facts = presence.facts if presence else {}
    online = bool(facts.get("connected"))
    since = presence.since if presence and online else None
    return {
        "bot_online": online,
        "bot_uptime": int((now - since).total_seconds()) if since else 0,
        "bot_latency_ms": facts.get("latency_ms") if online else None,
        "total_guilds": facts.get("guilds", 0) if online else 0,
        "total_members": facts.get("members", 0) if online else 0,
    }


def mirror_figures() -> dict[str, Any]:
    """How many tickets Discord has not been told everything of, and for how long the longest."""
    waiting = Mirror.objects.filter(behind_since__isnull=False)
    behind = waiting.aggregate(count=Count("pk"), since=Min("behind_since"))
    since = behind["since"]
    return {
        "mirrors_behind": behind["count"],
        "mirrors_behind_seconds": round((timezone.now() - since).total_seconds(), 1) if since else 0.0,
    }
