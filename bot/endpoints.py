"""Where the library finds Discord: the public one, or a Discord on this machine."""

from __future__ import annotations

import discord.asset
import discord.gateway
import discord.http
import yarl
from django.conf import settings

DEFAULT = "https://discord.com/api/v10"


def redirect() -> None:
    """Before any client logs in. `settings` refuse any other host without `DEBUG`."""
    discord.http.Route.BASE = settings.DISCORD_API_URL
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.DISCORD_GATEWAY_URL)
    if settings.DISCORD_API_URL != DEFAULT:
        discord.asset.Asset.BASE = str(yarl.URL(settings.DISCORD_API_URL).origin())


def is_elsewhere() -> bool:
    return bool(settings.DISCORD_API_URL != DEFAULT)
