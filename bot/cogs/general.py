"""Small commands for everybody, as slash commands and typed: what the bot can do, and how it is."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands
from django.conf import settings

from bot.answers import Interaction, begin, tell
from bot.client import Bridge
from bot.stats import bot_figures, mirror_figures
from botconfig.services import read_section
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
WORD = re.compile(r"[a-z]{1,20}")
MOST_REMEMBERED = 10_000


class General(commands.Cog):
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.typed: dict[str, Callable[[], Awaitable[str]]] = {
            "ping": self._ping,
            "help": self._help,
            "status": self._status,
        }
        self._section: tuple[int, dict[str, Any]] = (-1, {})
        self._next: dict[int, float] = {}

    @app_commands.command()
    async def ping(self, interaction: Interaction) -> None:
        """Whether the bot answers."""
        await tell(interaction, await self._ping())

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """What the bot can do."""
        await tell(interaction, await self._help())

    @app_commands.command()
    async def status(self, interaction: Interaction) -> None:
        """How the bot and the tickets in Discord are."""
        await begin(interaction)
        await tell(interaction, await self._status())

    async def _ping(self) -> str:
        return f"Pong! {self.bot.latency * 1000:.0f} ms"

    async def _help(self) -> str:
        guild = discord.Object(settings.DISCORD_GUILD_ID or 0)
        return "\n".join(_lines(self.bot, guild))[:2000]

    async def _status(self) -> str:
        bot, mirrors = await db_call(bot_figures), await db_call(mirror_figures)
        hours, minutes = divmod(bot["bot_uptime"] // 60, 60)
        return (
            f"Up for {hours} h {minutes} min; gateway {self.bot.latency * 1000:.0f} ms; "
            f"{mirrors['mirrors_behind']} tickets wait to be told."
        )

    # --- typed ---------------------------------------------------------------
    @commands.Cog.listener("on_message")
    async def heard(self, message: discord.Message) -> None:
        """A command behind the configured prefix. In a ticket's channel everything is conversation."""
        if message.author.bot or message.guild is None or message.guild.id != settings.DISCORD_GUILD_ID:
            return
        if message.channel.id in self.bot.inbound.tickets:
            return
        general = await self._general()
        word = message.content.removeprefix(general["command_prefix"]).strip().lower()
        if not message.content.startswith(general["command_prefix"]) or not WORD.fullmatch(word):
            return
        answer = await self._answer(word, general)
        if answer and self._may(message.author.id, general["message_cooldown"]):
            try:
                await message.reply(answer, mention_author=False)
            except discord.HTTPException as error:
                logger.info("typed_command_unanswered", error=repr(error))

    async def _general(self) -> dict[str, Any]:
        """Read once for each change of the configuration, not for each message."""
        turn = self.bot.configuration.turn
        if self._section[0] != turn:
            self._section = (turn, (await db_call(read_section, "general")).values)
        return self._section[1]

    async def _answer(self, word: str, general: dict[str, Any]) -> str:
        """Empty for what is no command and resembles none."""
        if word in self.typed:
            return await self.typed[word]()
        alike = difflib.get_close_matches(word, self.typed, 1, general["fuzzy_matching_threshold"])
        return f"Did you mean `{general['command_prefix']}{alike[0]}`?" if alike else ""

    def _may(self, person: int, cooldown: int) -> bool:
        """Whoever is too fast is not answered."""
        now = time.monotonic()
        if len(self._next) > MOST_REMEMBERED:
            self._next = {one: until for one, until in self._next.items() if until > now}
        if self._next.get(person, 0) > now:
            return False
        self._next[person] = now + cooldown
        return True


def _lines(bot: Bridge, guild: discord.Object) -> list[str]:
    found = (one for one in bot.tree.walk_commands(guild=guild) if isinstance(one, app_commands.Command))
    return sorted(f"**/{one.qualified_name}** - {one.description}" for one in found)


async def setup(bot: Bridge) -> None:
    await bot.add_cog(General(bot))
