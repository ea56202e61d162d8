"""How the bot is, for probes and metrics: read off the row of whoever leads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils import timezone
from prometheus_client.core import Metric

from bot.stats import mirror_figures
from botconfig.models import BotPresence
from hazesite.health.registry import DATABASE, Result, check, error, ok, warning
from hazesite.metrics.registry import single, source


def _presence() -> tuple[bool, dict[str, Any]]:
    """Whether one leads, and what it says of itself."""
    row = BotPresence.objects.filter(name="bot").first()
    leads = row is not None and row.until > timezone.now()
    return leads, row.facts if row is not None and leads else {}


@check("bot", lane=DATABASE)
def bot() -> Result:
    """Without a token it is switched off here; one that runs elsewhere is seen all the same."""
    leads, facts = _presence()
    if not leads:
        seen = bool(settings.DISCORD_TOKEN)
        return error("No bot is running", enabled=True) if seen else ok(enabled=False)
    if not facts.get("connected"):
        return warning("The bot is not connected to Discord", enabled=True)
    return ok(enabled=True, latency_ms=facts.get("latency_ms"))


@source("bot")
def figures() -> Iterable[Metric]:
    leads, facts = _presence()
    connected = bool(leads and facts.get("connected"))
    yield single("hazebot_bot_connected", "Whether a bot is connected to Discord.", connected)
    if connected and facts.get("latency_ms") is not None:
        about = "Between the bot and Discord's gateway, there and back."
        yield single("hazebot_bot_latency_seconds", about, facts["latency_ms"] / 1000)
    behind = mirror_figures()
    about = "Tickets that Discord has not been told everything of."
    yield single("hazebot_mirrors_behind", about, behind["mirrors_behind"])
    about = "For how long, at most."
    yield single("hazebot_mirrors_behind_seconds", about, behind["mirrors_behind_seconds"])
