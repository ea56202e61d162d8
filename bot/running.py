"""Keeping a bot connected: leading, making a new client after each end, stopping cleanly."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import time

import discord
import structlog
from django.conf import settings
from django.db import Error as DatabaseTrouble

from bot import leadership
from bot.client import Bridge
from bot.endpoints import redirect
from hazesite.realtime.database import db_call
from hazesite.supervisor import MISCONFIGURED

logger = structlog.get_logger(__name__)
STOP_SECONDS = 10.0
LEAD_SECONDS = leadership.LEASE.total_seconds() - 3
MAX_PAUSE_SECONDS = 60.0
HEALTHY_AFTER_SECONDS = 60.0
FATAL_CODES = {
    4004: "Discord refuses DISCORD_TOKEN: copy the bot's token from the developer portal again.",
    4013: "Discord knows an intent of this bot no longer: update HazeBot.",
    4014: "Switch on 'Server Members Intent' and 'Message Content Intent' of the bot in Discord's portal.",
}


class Fatal(Exception):
    """Trying again would not help; the sentence says what would."""


def fatal_reason(error: BaseException) -> str | None:
    """What the operator has to do, or None for what passes."""
    if isinstance(error, discord.LoginFailure):
        return FATAL_CODES[4004]
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return FATAL_CODES[4014]
    if isinstance(error, discord.ConnectionClosed):
        return FATAL_CODES.get(error.code)
    return None


class Runner:
    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.stopping = asyncio.Event()

    async def run(self) -> int:
        """The exit code: 0 after SIGTERM, 78 for what only the operator can change."""
        redirect()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)
        try:
            await self._lead_again_and_again()
        except Fatal as fatal:
            logger.error("bot_cannot_run", reason=str(fatal))
            return MISCONFIGURED
        finally:
            await self._give_up()
        return 0

    async def _lead_again_and_again(self) -> None:
        pause = 1.0
        while not self.stopping.is_set():
            if not await self._takes():
                await self._wait(2.0)
                continue
            started = time.monotonic()
            await self._one_session()
            pause = 1.0 if time.monotonic() - started > HEALTHY_AFTER_SECONDS else pause * 2
            await self._wait(min(pause, MAX_PAUSE_SECONDS))

    async def _takes(self) -> bool:
        try:
            return await db_call(leadership.take, self.holder)
        except DatabaseTrouble as error:
            logger.warning("bot_cannot_lead", error=repr(error))
            return False

    async def _one_session(self) -> None:
        bot = Bridge(self.holder)
        bot.lead_until = time.monotonic() + LEAD_SECONDS
        async with bot:
            work = [
                asyncio.create_task(bot.start(settings.DISCORD_TOKEN)),
                asyncio.create_task(self._keep_leading(bot)),
                asyncio.create_task(self.stopping.wait()),
            ]
            done, _pending = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            # Before the bot is closed: whoever still reads the socket closes it with 4000, which keeps
            # the session at Discord.
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            try:
                await asyncio.wait_for(bot.close(), STOP_SECONDS)
            except TimeoutError:
                logger.warning("bot_did_not_close")
        for task in done:
            self._judge(task.exception())

    def _judge(self, error: BaseException | None) -> None:
        if error is None:
            return
        if reason := fatal_reason(error):
            raise Fatal(reason) from error
        logger.warning("bot_session_ended", error=repr(error))

    async def _keep_leading(self, bot: Bridge) -> None:
        """Returns when another one may lead by now."""
        while time.monotonic() < bot.lead_until:
            await asyncio.sleep(leadership.RENEW_SECONDS)
            asked = time.monotonic()
            try:
                if not await db_call(leadership.keep, self.holder, bot.facts()):
                    break
                bot.lead_until = asked + LEAD_SECONDS
            except DatabaseTrouble as error:
                logger.warning("bot_lease_not_renewed", error=repr(error))
        logger.warning("bot_lost_the_lead")

    async def _give_up(self) -> None:
        try:
            await db_call(leadership.give_up, self.holder)
        except DatabaseTrouble as error:
            logger.warning("bot_lease_not_given_up", error=repr(error))

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return
