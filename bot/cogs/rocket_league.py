"""`/rocket`: a player's ranks, and linking one's own account."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands
from django.utils import timezone

from bot.answers import Interaction, begin, person, tell
from bot.client import Bridge
from bot.later import known
from community.rocketleague import services
from hazesite.realtime.database import db_call

Platform = Literal["steam", "epic", "psn", "xbl"]
Name = app_commands.Range[str, 1, 64]


class RocketLeague(commands.GroupCog, group_name="rocket", group_description="Rocket League"):
    @app_commands.command()
    async def stats(self, interaction: Interaction, platform: Platform, username: Name) -> None:
        """A player's ranks in this season."""
        await begin(interaction)
        user, since = await person(interaction), timezone.now()
        await db_call(services.refuse_hurry, user)
        player = await known(lambda: services.stats(platform, username.strip(), since), services.too_late())
        await tell(interaction, "", embed=embed_of(player))

    @app_commands.command()
    async def link(self, interaction: Interaction, platform: Platform, username: Name) -> None:
        """This player is you: you are told when your rank rises."""
        await begin(interaction)
        account = await db_call(services.link, await person(interaction), platform, username.strip())
        await tell(interaction, f"You are {account.username} on {account.get_platform_display()}.")

    @app_commands.command()
    async def unlink(self, interaction: Interaction) -> None:
        """Your ranks are not looked at any more."""
        await begin(interaction)
        await db_call(services.unlink, await person(interaction))
        await tell(interaction, "Unlinked.")


def embed_of(player: dict[str, Any]) -> discord.Embed:
    embed = discord.Embed(title=f"{player['username']} ({player['platform']})")
    for playlist, rank in player["ranks"].items():
        words = [rank["tier"], rank["division"], f"{rank['mmr']} MMR" if rank["mmr"] is not None else None]
        embed.add_field(name=playlist, value=" · ".join(word for word in words if word))
    if not player["ranks"]:
        embed.description = "No ranks in this season."
    return embed


async def setup(bot: Bridge) -> None:
    await bot.add_cog(RocketLeague())
