from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hazesite.health.registry import CHECKS, OK
from hazesite.health.registry import Result as Health
from monitoring.types.base import Context, Failed, MonitorType, Result, Watched


class DiscordBot(MonitorType):
    """Up while this site's bot is connected, as its own health check says, which the bot's app registers."""

    name = "discord_bot"
    title = _("Discord bot")
    connects = False

    async def check(self, watched: Watched, context: Context) -> Result:
        if "bot" not in CHECKS:
            return Result(is_up=None, error="There is no bot in this installation")
        health: Health = await context.database(CHECKS["bot"].look)
        if health.status != OK:
            raise Failed(str(health.facts.get("message", "The bot is not well")))
        if not health.facts.get("enabled", True):
            raise Failed("The bot is switched off")
        return Result(is_up=True, response_ms=_latency(health))


def _latency(health: Health) -> float | None:
    latency = health.facts.get("latency_ms")
    return float(latency) if isinstance(latency, (int, float)) else None
