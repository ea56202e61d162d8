"""Discord to site: what people write in a ticket's channel, one after the other for each channel."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import structlog
from django.db import InterfaceError, OperationalError

from accounts.people import Profile
from bot import services
from hazesite.errors import Refused
from hazesite.realtime.database import db_call
from tickets.errors import UnsupportedFile
from tickets.services.attachments import MAX_BYTES

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
REFUSED = "❌"
CHANNELS_AT_ONCE = 10
READ_AGAIN = 100
"""Messages of a channel that are compared after the bot was away; one request."""
MENTION = re.compile(r"<@!?(\d+)>")


def profile_of(user: discord.User | discord.Member) -> Profile:
    """`role_ids` None for somebody who is not in the guild."""
    roles = [role.id for role in user.roles] if isinstance(user, discord.Member) else None
    return Profile(user.id, user.name, user.display_avatar.url, user.discriminator, roles)


def _passes(status: int) -> bool:
    return status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS


def _may_be_read(channel: discord.TextChannel | discord.Thread) -> bool:
    """Without the permission Discord shows the history as empty: nothing was removed then."""
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    return place is not None and place.permissions_for(channel.guild.me).read_message_history


class Inbound:
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.tickets: dict[int, int] = {}
        """Keys of tickets by their channel."""
        self.own_webhooks: set[int] = set()
        self.current: set[int] = set()
        """Channels read up to now in this session. From the others nothing is taken as it comes: what was
        said before it would come after it, or never, and reading them brings it in its place."""
        self._session = 0
        # Waiters of a lock are served in the order they came, so each channel keeps its order.
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def follow(self, channel_id: int, ticket_pk: int) -> None:
        """Somebody may have written in it already."""
        self.tickets[channel_id] = ticket_pk
        async with self._turns[channel_id]:
            await self._read(channel_id, ticket_pk)

    def begin_session(self) -> None:
        """What happened since the last one ended is told by nobody: each channel has to be read."""
        self.current.clear()
        self._session += 1

    def unfollow(self, channel_id: int) -> None:
        self.tickets.pop(channel_id, None)
        self.current.discard(channel_id)
        self._turns.pop(channel_id, None)

    async def load(self) -> None:
        self.tickets |= await db_call(services.live_channels)
        self.own_webhooks |= await db_call(services.webhook_ids)

    # --- what the gateway tells ----------------------------------------------
    async def written(self, message: discord.Message) -> None:
        if message.channel.id in self.tickets and self._is_from_a_person(message):
            async with self._turns[message.channel.id]:
                if message.channel.id in self.current:
                    await self._take_in(message)

    async def edited(self, message: discord.Message) -> None:
        if message.channel.id in self.tickets and self._is_from_a_person(message):
            async with self._turns[message.channel.id]:
                await self._change(
                    partial(db_call, services.edited_there, message.id, self.words_of(message))
                )

    async def deleted(self, channel_id: int, ids: set[int]) -> None:
        if channel_id in self.tickets:
            async with self._turns[channel_id]:
                for message_id in sorted(ids):
                    await self._change(partial(db_call, services.deleted_there, message_id))

    async def channel_gone(self, channel_id: int) -> None:
        if channel_id in self.tickets:
            self.unfollow(channel_id)
            await self._surely(lambda: db_call(services.place_lost, channel_id))

    async def catch_up(self) -> None:
        """Read each channel on from the last message known of it: what was said while nobody listened."""
        await self._surely(self.load)
        at_once = asyncio.Semaphore(CHANNELS_AT_ONCE)

        async def read(channel_id: int, ticket_pk: int) -> None:
            async with at_once, self._turns[channel_id]:
                await self._read(channel_id, ticket_pk)

        await asyncio.gather(*(read(*one) for one in self.tickets.items()))

    async def _read(self, channel_id: int, ticket_pk: int) -> None:
        try:
            await self._read_on(channel_id, ticket_pk)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            logger.warning("channel_not_read", channel=channel_id, error=repr(error))
            self.bot.again_soon()

    async def _read_on(self, channel_id: int, ticket_pk: int) -> None:
        mirror = await self._surely(lambda: db_call(services.mirror_of, ticket_pk))
        if mirror.channel_id != channel_id:
            return
        try:
            channel = self.bot.home.get_channel_or_thread(channel_id)
            channel = channel or await self.bot.home.fetch_channel(channel_id)
        except discord.NotFound:
            self.unfollow(channel_id)
            await self._surely(lambda: db_call(services.place_lost, channel_id))
            return
        assert isinstance(channel, discord.TextChannel | discord.Thread)
        if not _may_be_read(channel):
            logger.warning("channel_not_readable", channel=channel_id)
            self.current.add(channel_id)
            return
        read_to, session = mirror.last_read_id or 0, self._session
        await self._read_again(channel, ticket_pk, read_to)
        async for message in channel.history(limit=None, after=discord.Object(read_to), oldest_first=True):
            if self._is_from_a_person(message):
                await self._take_in(message)
        if session == self._session:
            self.current.add(channel_id)

    async def _read_again(
        self, channel: discord.TextChannel | discord.Thread, key: int, read_to: int
    ) -> None:
        """Changes and removals of the latest messages read: those, too, nobody tells afterwards."""
        # Known before the history is read: what is not in that was removed, and not about to come.
        known = await self._surely(lambda: db_call(services.stands_there, key, channel.id))
        before = discord.Object(read_to + 1)
        there = {one.id: one async for one in channel.history(limit=READ_AGAIN, before=before)}
        since = min(there) if len(there) == READ_AGAIN else channel.id
        for message_id in sorted(one for one in known - there.keys() if since <= one <= read_to):
            await self._change(partial(db_call, services.deleted_there, message_id))
        for message_id in sorted(known & there.keys()):
            text = self.words_of(there[message_id])
            if there[message_id].edited_at is not None and self._is_from_a_person(there[message_id]):
                await self._change(partial(db_call, services.edited_there, message_id, text))

    # --- one message ---------------------------------------------------------
    def _is_from_a_person(self, message: discord.Message) -> bool:
        if message.webhook_id is not None or message.author.bot:
            return False
        return message.type in (discord.MessageType.default, discord.MessageType.reply)

    async def _take_in(self, message: discord.Message) -> None:
        key = self.tickets.get(message.channel.id)
        if key is None or await self._surely(lambda: db_call(services.is_known, message.id)):
            return
        files, text = await self._content(message)
        if not text and not files:
            return
        author = await self._member(message.author)
        try:
            await self._store(partial(services.take_in, key, author, message.id, text, files))
        except UnsupportedFile:
            names = " ".join(f"[{one.filename}: {one.url}]" for one in message.attachments)
            with_names = f"{text}\n{names}".strip()[:4000]
            store = partial(services.take_in, key, author, message.id, with_names, [])
            await self._refusable(key, message, store)
        except Refused as refused:
            await self._refused(key, message, refused)

    async def _refusable(self, key: int, message: discord.Message, store: Callable[[], None]) -> None:
        try:
            await self._store(store)
        except Refused as refused:
            await self._refused(key, message, refused)

    async def _store(self, store: Callable[[], None]) -> None:
        """A limit is waited for: Discord has let the message through, so it counts."""
        while True:
            try:
                await self._surely(partial(db_call, store))
                return
            except Refused as refused:
                if refused.retry_after is None:
                    raise
                await asyncio.sleep(min(refused.retry_after, 60))

    async def _refused(self, key: int, message: discord.Message, refused: Refused) -> None:
        """It is not in the ticket, and its author sees that."""
        logger.info("message_not_taken", channel=message.channel.id, code=refused.code)
        try:
            await message.add_reaction(REFUSED)
        except discord.HTTPException as error:
            logger.info("reaction_failed", error=repr(error))
        await self._surely(partial(db_call, services.read_up_to, key, message.id))

    async def _member(self, author: discord.User | discord.Member) -> Profile:
        """In a history authors come without their roles."""
        if isinstance(author, discord.User):
            author = self.bot.home.get_member(author.id) or author
        return profile_of(author)

    async def _content(self, message: discord.Message) -> tuple[list[services.File], str]:
        text, files = self.words_of(message), []
        for one in message.attachments:
            if one.size > MAX_BYTES:
                continue
            data = await self._bytes(one)
            if data is None:
                text = f"{text}\n[{one.filename} cannot be had from Discord]".strip()[:4000]
            else:
                files.append(services.File(one.filename, data))
        return files, text

    def words_of(self, message: discord.Message) -> str:
        """Its text, and in words what cannot be copied."""
        stickers = [f"[{sticker.name}]" for sticker in message.stickers]
        large = [one for one in message.attachments if one.size > MAX_BYTES]
        left_out = [f"[{one.filename} is too large: {one.url}]" for one in large]
        return "\n".join([self.text_of(message), *stickers, *left_out]).strip()[:4000]

    async def _bytes(self, attachment: discord.Attachment) -> bytes | None:
        """None for what Discord does not give; while it cannot give anything it is asked again."""
        pause = 0.5
        while True:
            try:
                return await attachment.read()
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                logger.warning("attachment_not_read", error=repr(error))
                if isinstance(error, discord.HTTPException) and not _passes(error.status):
                    return None
                await asyncio.sleep(pause)
                pause = min(30.0, pause * 2)

    def text_of(self, message: discord.Message) -> str:
        """Mentions by name, as they are written here."""
        names = {user.id: user.name for user in message.mentions}
        return MENTION.sub(
            lambda found: f"@{names[int(found[1])]}" if int(found[1]) in names else found[0], message.content
        )

    async def _change(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Of a message that is in the ticket. The ticket's rules may refuse it; the others go on."""
        try:
            await self._surely(work)
        except Refused as refused:
            logger.info("change_not_taken", code=refused.code)

    async def _surely(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """A database that is away is waited for: the channel's later messages wait as well."""
        pause = 0.2
        while True:
            try:
                return await work()
            except (OperationalError, InterfaceError) as error:
                logger.warning("bot_waits_for_the_database", error=repr(error))
                await asyncio.sleep(pause)
                pause = min(5.0, pause * 2)
