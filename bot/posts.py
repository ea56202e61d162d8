"""A message of the bot that follows a section of the configuration: made once, changed in its place."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord
import structlog

from bot.models import PostedMessage
from bot.trouble import PASSING
from botconfig.services import read_section
from hazesite.realtime.database import db_call

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
LOOK_SECONDS, MAX_PAUSE_SECONDS = 2.0, 60.0
State = tuple[int, str | None]
"""The version of the section, and the channel."""
Content = tuple[list[discord.Embed], discord.ui.View]


class Post:
    """`section` says what, `channel_field` of the section `channels` says where, `write` how."""

    def __init__(
        self,
        bot: Bridge,
        section: str,
        channel_field: str,
        write: Callable[[dict[str, Any]], Content | None],
    ) -> None:
        self.bot, self.section, self.channel_field, self.write = bot, section, channel_field, write
        self._task: asyncio.Task[None] | None = None
        self._nonce = secrets.token_hex(8)

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _keep(self) -> None:
        """For ever; what did not succeed is tried again, less often the longer it does not."""
        await self.bot.wait_until_ready()
        done: State | None = None
        pause = LOOK_SECONDS
        while True:
            turn = self.bot.configuration.turn
            try:
                done = await self._look(done)
                pause = LOOK_SECONDS
            except PASSING as error:
                logger.warning("post_not_kept", section=self.section, error=repr(error))
                pause = min(pause * 2, MAX_PAUSE_SECONDS)
            except Exception as error:
                logger.warning("post_failed", section=self.section, exc_info=error)
                pause = MAX_PAUSE_SECONDS
            await self.bot.configuration.beyond(turn, pause)

    async def _look(self, done: State | None) -> State:
        reading = await db_call(read_section, self.section)
        channel = (await db_call(read_section, "channels")).values[self.channel_field]
        wanted = (reading.version, channel)
        if wanted != done:
            await self._show(reading.values, int(channel) if channel else None)
            # An attempt whose answer got lost is repeated with the same one: Discord gives its message then.
            self._nonce = secrets.token_hex(8)
        return wanted

    async def _show(self, values: dict[str, Any], channel_id: int | None) -> None:
        content = self.write(values)
        row = await db_call(_posted, self.section)
        if content is None or channel_id is None:
            await self._take_away(row)
            return
        channel = self.bot.home.get_channel(channel_id)
        if not isinstance(channel, discord.TextChannel):
            raise discord.ClientException(f"There is no text channel {channel_id} for it.")
        embeds, view = content
        if row is not None and row.channel_id == channel.id:
            try:
                await channel.get_partial_message(row.message_id).edit(embeds=embeds, view=view)
                return
            except discord.NotFound:  # somebody took it away: make it again
                pass
        sent = await channel.send(embeds=embeds, view=view, nonce=self._nonce)
        await db_call(_note, self.section, channel.id, sent.id)
        if row is not None and row.channel_id != channel.id:
            await self._delete(row)

    async def _take_away(self, row: PostedMessage | None) -> None:
        if row is not None:
            await self._delete(row)
            await db_call(_forget, self.section)

    async def _delete(self, row: PostedMessage) -> None:
        """An old one elsewhere would say what no longer holds."""
        place = self.bot.get_partial_messageable(row.channel_id)
        try:
            await place.get_partial_message(row.message_id).delete()
        except (discord.NotFound, discord.Forbidden) as error:
            logger.info("post_not_taken_away", section=self.section, error=repr(error))


def _posted(section: str) -> PostedMessage | None:
    return PostedMessage.objects.filter(section=section).first()


def _forget(section: str) -> None:
    PostedMessage.objects.filter(section=section).delete()


def _note(section: str, channel_id: int, message_id: int) -> None:
    place = {"channel_id": channel_id, "message_id": message_id}
    PostedMessage.objects.update_or_create(section=section, defaults=place)
