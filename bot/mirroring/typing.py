"""Who is typing, both ways. Best effort: it needs Redis, as the bot is a process of its own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import discord
import structlog
from django.conf import settings

from accounts.models import User
from bot.trouble import PASSING
from hazesite.realtime import bus
from hazesite.realtime.database import db_call
from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.publication import Publication
from tickets import stream
from tickets.models import Ticket

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
SHOWN_SECONDS = 8.0
"""Discord shows it for ten seconds, or until the message comes."""


class Typing:
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self._shown: dict[str, float] = {}
        self._showing: set[asyncio.Task[None]] = set()

    async def there(self, channel_id: int, user: discord.User | discord.Member) -> None:
        key = self.bot.inbound.tickets.get(channel_id)
        if key is None or user.bot or not settings.REDIS_URL:
            return
        ticket_id, typist = await db_call(_typist, key, user.id)
        if typist is not None:
            await asyncio.to_thread(bus.send, stream.typing(ticket_id, typist))

    async def listen(self) -> None:
        if settings.REDIS_URL:
            loop = asyncio.get_running_loop()
            await bus.listen(lambda shown: self._heard(shown, loop), lambda: None)

    def _heard(self, publication: Publication, loop: asyncio.AbstractEventLoop) -> None:
        for part in publication.parts:
            if any(frame.event == "typing" for frame in part.frames):
                task = loop.create_task(self._show(str(part.frames[0].data["ticket_id"])))
                self._showing.add(task)
                task.add_done_callback(self._showing.discard)

    async def _show(self, ticket_id: str) -> None:
        now = time.monotonic()
        if now - self._shown.get(ticket_id, -SHOWN_SECONDS) < SHOWN_SECONDS:
            return
        self._shown = {key: at for key, at in self._shown.items() if now - at < SHOWN_SECONDS}
        self._shown[ticket_id] = now
        try:
            channel_id = await db_call(_channel_of, ticket_id)
            channel = self.bot.home.get_channel_or_thread(channel_id) if channel_id else None
            if isinstance(channel, discord.TextChannel | discord.Thread):
                await channel.typing()
        except PASSING as error:
            logger.info("typing_not_shown", error=repr(error))


def _typist(ticket_pk: int, discord_id: int) -> tuple[str, Identity | None]:
    ticket_id = Ticket.objects.values_list("public_id", flat=True).get(pk=ticket_pk)
    user = User.objects.filter(discord_id=discord_id).first()
    if user is None:
        return ticket_id, None
    return ticket_id, Identity(user.pk, user.username, user.role, "discord", 0.0)


def _channel_of(ticket_id: str) -> int | None:
    rows = Ticket.objects.filter(public_id=ticket_id, mirror__isnull=False)
    return rows.values_list("mirror__channel_id", flat=True).first()
