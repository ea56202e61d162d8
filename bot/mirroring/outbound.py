"""Site to Discord: each ticket's stream, told in order, independent of the other tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from bot import services
from bot.mirroring.panel import panel
from bot.mirroring.places import Place
from bot.mirroring.texts import line_of, parts_of, quoted_edit
from bot.mirroring.transcripts import post_transcript
from botconfig.services import read_section
from hazesite.realtime.database import db_call
from tickets.models import Ticket, TicketEvent

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
LOOK_SECONDS, SWEEP_SECONDS, REMOVE_SECONDS = 0.25, 30.0, 15.0
OVERLAP = timedelta(seconds=40)
"""Longer than a transaction may last: what was committed late is still among what moved lately."""
AT_ONCE = 20
UNKNOWN_CHANNEL = 10003
Type = TicketEvent.Type
Unreachable = (
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.RateLimited,
    aiohttp.ClientError,
    OSError,
)


class LostLead(Exception):
    """Another bot may lead by now: this one must not act."""


class Outbound:
    """Follows all tickets; each is followed by one task at a time."""

    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.following: dict[int, asyncio.Task[None]] = {}
        self.places = asyncio.Semaphore(AT_ONCE)
        self._swept = self._removed = -1e9

    async def run(self) -> None:
        """For ever; a database that is away is asked again."""
        while True:
            try:
                await self._look()
            except (OperationalError, InterfaceError) as error:
                logger.warning("bot_cannot_look", error=repr(error))
                await asyncio.sleep(1)
            except LostLead:
                return
            except Exception as error:
                logger.warning("bot_look_failed", exc_info=error)
                await asyncio.sleep(1)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        self.bot.refuse_without_lead()
        now = asyncio.get_running_loop().time()
        everything = now - self._swept > SWEEP_SECONDS
        since = None if everything else timezone.now() - OVERLAP
        keys = await db_call(services.tickets_to_tell, since)
        keys += await db_call(services.tickets_to_retry)
        if everything:
            self._swept = now
        for key in dict.fromkeys(keys):
            if key not in self.following:
                self.following[key] = task = asyncio.create_task(self._follow(key))
                task.add_done_callback(partial(self._followed, key))
        if now - self._removed > REMOVE_SECONDS:
            self._removed = now
            for mirror in await db_call(services.places_to_remove):
                await self.bot.places.remove(mirror)

    def _followed(self, key: int, _task: asyncio.Task[None]) -> None:
        self.following.pop(key, None)

    async def _follow(self, key: int) -> None:
        async with self.places:
            try:
                while work := await db_call(services.next_work, key):
                    await self._tell(work)
            except LostLead:
                return
            except Unreachable as error:
                await self._note(key, _reason(error), getattr(error, "retry_after", None))
            except (OperationalError, InterfaceError) as error:
                logger.warning("bot_cannot_follow", ticket=key, error=repr(error))
            except Exception as error:
                logger.warning("bot_follow_failed", ticket=key, exc_info=error)
                await self._note(key, type(error).__name__, None)

    async def _note(self, key: int, reason: str, wait: float | None) -> None:
        logger.info("mirror_waits", ticket=key, reason=reason)
        await db_call(services.note_failure, key, reason, wait)

    async def _tell(self, work: services.Work) -> None:
        if work.ticket.deleted_at is not None:
            await self.bot.places.remove(work.mirror)
            return
        assert work.owner is not None
        place = await self._place(work)
        if place is None:
            return
        for event in work.events:
            self.bot.refuse_without_lead()
            await self._step(work, place, event)
            await db_call(services.told, work.mirror, event.seq)
        if any(event.message_id is None for event in work.events):
            await self.show_panel(work, place)

    async def _place(self, work: services.Work) -> Place | None:
        self.bot.refuse_without_lead()
        assert work.owner is not None
        try:
            place = await self.bot.places.place_of(work.ticket, work.owner, work.mirror)
        except discord.NotFound as error:
            if error.code != UNKNOWN_CHANNEL or work.mirror.channel_id is None:
                raise
            await db_call(services.place_lost, work.mirror.channel_id)
            return None
        if work.mirror.panel_id is None:
            await self.show_panel(work, place)
        return place

    async def show_panel(self, work: services.Work, place: Place) -> None:
        ticket, people = await db_call(_shown, work.ticket.pk)
        assert work.owner is not None
        embed, view = panel(ticket, work.owner, people)
        if work.mirror.panel_id is None:
            sent = await place.send(embed=embed, view=view, nonce=f"panel{ticket.pk}")
            await db_call(services.panel_shown, work.mirror, sent.id)
            return
        try:
            await place.get_partial_message(work.mirror.panel_id).edit(embed=embed, view=view)
        except discord.NotFound:  # somebody took it away; the next one is made when the ticket moves
            await db_call(services.panel_shown, work.mirror, None)

    async def _step(self, work: services.Work, place: Place, event: TicketEvent) -> None:
        show = self.SHOWN.get(event.type)
        if show is not None:
            await show(self, work, place, event)
        if line := line_of(event, work.names):
            await self._line(work, place, event, line)
        if event.type == Type.CLOSED:
            await self._closed(work, place, event)

    async def _line(self, work: services.Work, place: Place, event: TicketEvent, line: str) -> None:
        """The nonce makes Discord answer a repetition with the first one."""
        await place.send(line, nonce=f"s{work.ticket.pk}-{event.seq}")

    async def _message(self, _work: services.Work, place: Place, event: TicketEvent) -> None:
        if event.message is None or event.message.deleted_at:
            return
        rows = await db_call(services.mirrored, event.message)
        if not any(row.from_discord for row in rows):
            await self._said(place, event)

    async def _said(self, place: Place, event: TicketEvent) -> None:
        assert event.message is not None
        try:
            await self.bot.speaker.say(place, event.message)
        except discord.HTTPException as error:
            if error.status not in (400, 413):
                raise
            # It will be refused for ever; what comes after it must not wait for it.
            logger.warning("message_refused_by_discord", message=event.message_id, error=_reason(error))
            for row in await db_call(services.mirrored, event.message):
                if row.discord_id is None:
                    await db_call(services.given_up, row, _reason(error))

    async def _edited(self, work: services.Work, place: Place, event: TicketEvent) -> None:
        message = event.message
        if message is None or message.deleted_at:
            return
        rows = await db_call(services.mirrored, message)
        if not any(row.from_discord for row in rows):
            await self.bot.speaker.change(place, message)
        elif await self._differs(place, rows[0].discord_id, message.content):
            for number, text in enumerate(parts_of(quoted_edit(message))):
                await place.send(text, nonce=f"e{work.ticket.pk}-{event.seq}-{number}")

    async def _differs(self, place: Place, discord_id: int | None, content: str) -> bool:
        """Whether the words were changed here: a change made in Discord stands there already."""
        if discord_id is None:
            return False
        try:
            there = await place.fetch_message(discord_id)
        except discord.NotFound:
            return False
        return self.bot.inbound.words_of(there) != content

    async def _removed_message(self, _work: services.Work, place: Place, event: TicketEvent) -> None:
        if event.message is not None:
            await self.bot.speaker.unsay(place, event.message)

    async def _reopened(self, work: services.Work, place: Place, _event: TicketEvent) -> None:
        assert work.owner is not None
        await self.bot.places.unlock(place, work.owner)
        await db_call(services.keep_place, work.mirror)

    async def _closed(self, work: services.Work, place: Place, event: TicketEvent) -> None:
        assert work.owner is not None
        configured = (await db_call(read_section, "tickets")).values
        if configured["transcript_enabled"]:
            await post_transcript(self.bot, work.ticket, work.owner, event)
        await self.bot.places.lock(place, work.owner)
        await db_call(services.remove_later, work.mirror)

    SHOWN: dict[str, Callable[[Outbound, services.Work, Place, TicketEvent], Awaitable[Any]]] = {
        Type.MESSAGE: _message,
        Type.EDITED: _edited,
        Type.DELETED_MESSAGE: _removed_message,
        Type.REOPENED: _reopened,
    }


def _shown(ticket_pk: int) -> tuple[Ticket, dict[str, str]]:
    ticket = Ticket.objects.select_related("claimed_by", "assigned_to").get(pk=ticket_pk)
    people = {"Claimed by": ticket.claimed_by, "Assigned to": ticket.assigned_to}
    return ticket, {label: user.username for label, user in people.items() if user}


def _reason(error: BaseException) -> str:
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status}: {error.text or error.code}"
    return f"Discord is not reachable ({type(error).__name__})"
