"""`/meme`: as at the site, for whoever asks."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import Interaction, begin, person, tell
from bot.client import Bridge
from bot.later import known
from community.memes import services
from community.memes.daily import embed_of
from hazesite.realtime.database import db_call


class Memes(commands.Cog):
    @app_commands.command()
    @app_commands.describe(source="Where it comes from; any, when you do not say.")
    async def meme(self, interaction: Interaction, source: Literal["reddit", "lemmy"] | None = None) -> None:
        """A meme you have not seen lately."""
        await begin(interaction)
        user = await person(interaction)
        wanted = await db_call(services.wish, source)
        meme = await known(lambda: services.random_meme(user, wanted), services.too_late(wanted))
        await tell(interaction, "", embed=discord.Embed.from_dict(embed_of(meme)))


async def setup(bot: Bridge) -> None:
    await bot.add_cog(Memes())
