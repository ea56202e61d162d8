"""Hears of changes of the configuration, for the parts of the bot that show it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from django.db import Error as DatabaseTrouble

from botconfig import verification
from botconfig.services import versions
from hazesite.realtime.database import db_call

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
LOOK_SECONDS = 0.5


class Configuration:
    """`turn` counts what was heard of. Nothing is kept of the values: whoever acts reads them."""

    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.turn = 0
        self._known: dict[str, int] | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """For ever; one small query each time."""
        while True:
            try:
                await self._look()
            except DatabaseTrouble as error:
                logger.warning("configuration_not_followed", error=repr(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        found = await db_call(versions)
        if found == self._known:
            return
        if self.bot.guild_known and await db_call(verification.is_unverified):
            await db_call(verification.look_again)
        self._known = found
        self.turn += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def beyond(self, turn: int, seconds: float) -> None:
        """Returns when something changed since that turn, and after so many seconds anyway."""
        if self.turn == turn:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)
