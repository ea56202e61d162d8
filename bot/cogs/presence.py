"""What stands at the bot: its name in the server, and below it how many tickets are open."""

from __future__ import annotations

import asyncio

import discord
import structlog
from discord.ext import commands

from bot.client import Bridge
from bot.trouble import PASSING
from botconfig.sections import defaults
from botconfig.services import read_section
from hazesite.realtime.database import db_call
from tickets.models import Ticket

logger = structlog.get_logger(__name__)
LOOK_SECONDS, LATER_SECONDS = 5.0, 60.0
LONGEST_NICKNAME = 32


class Presence(commands.Cog):
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self._task: asyncio.Task[None] | None = None
        self._shown = -1e9
        self._named = ""

    async def cog_load(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def cog_unload(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _keep(self) -> None:
        """For ever. An interval that was changed counts at once, not when the old one is over."""
        await self.bot.wait_until_ready()
        while True:
            turn, pause = self.bot.configuration.turn, LOOK_SECONDS
            try:
                general = (await db_call(read_section, "general")).values
                await self._show(general["presence_update_interval"])
                await self._name(general["bot_name"])
            except PASSING as error:
                logger.info("presence_not_shown", error=repr(error))
            except Exception as error:
                logger.warning("presence_failed", exc_info=error)
                pause = LATER_SECONDS
            await self.bot.configuration.beyond(turn, pause)

    async def _show(self, interval: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._shown >= interval:
            count = await db_call(_running)
            await self.bot.change_presence(activity=discord.CustomActivity(f"{count} open tickets"))
            self._shown = now

    async def _name(self, wanted: str) -> None:
        """One that nobody configured leaves the bot as it is called; a refused one is left alone."""
        if wanted == self._named:
            return
        is_default = wanted == defaults("general")["bot_name"]
        nick = None if is_default else wanted[:LONGEST_NICKNAME]
        if self.bot.home.me.nick != nick and not (is_default and not self._named):
            try:
                await self.bot.home.me.edit(nick=nick)
            except discord.Forbidden as error:
                logger.warning("bot_may_not_name_itself", error=repr(error))
        self._named = wanted


def _running() -> int:
    return Ticket.objects.filter(deleted_at=None).running().count()


async def setup(bot: Bridge) -> None:
    await bot.add_cog(Presence(bot))
