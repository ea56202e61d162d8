"""One session of the bot with Discord. When it has ended, a new one is made: see `running`."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Coroutine
from typing import Any

import discord
import structlog
from discord.ext import commands
from django.conf import settings

from bot import cogs_table, leadership, services
from bot.answers import Tree
from bot.commands import answer_commands
from bot.endpoints import is_elsewhere
from bot.following import Configuration
from bot.mirroring.inbound import Inbound
from bot.mirroring.outbound import LostLead, Outbound
from bot.mirroring.panel import TicketButton
from bot.mirroring.places import Places
from bot.mirroring.speaking import Speaker
from bot.mirroring.staff_roles import follow_staff_roles
from bot.mirroring.typing import Typing
from bot.trouble import PASSING
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
MAX_WAIT_FOR_LIMIT = 60.0
READ_AGAIN_SECONDS = 5.0
WAIT_FOR_CHANNEL_SECONDS = 8


def intents() -> discord.Intents:
    """What the bot listens to, and no more. The second line are switches in Discord's portal."""
    wanted = discord.Intents(guilds=True, webhooks=True, guild_messages=True, guild_typing=True)
    wanted.members = wanted.message_content = True
    return wanted


class Bridge(commands.Bot):
    """Follows tickets on both sides while it leads (`lead_until`, of `time.monotonic`)."""

    def __init__(self, holder: str) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=intents(),
            tree_cls=Tree,
            help_command=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=MAX_WAIT_FOR_LIMIT,
            guild_ready_timeout=0.2 if is_elsewhere() else 2.0,
        )
        self.holder = holder
        self.lead_until = 0.0
        self.inbound, self.outbound = Inbound(self), Outbound(self)
        self.places, self.speaker, self.typing_here = Places(self), Speaker(self), Typing(self)
        self._always: set[asyncio.Task[Any]] = set()
        self._at_home: set[asyncio.Task[Any]] = set()
        """What goes on while the guild is there; none while it is not."""
        self.configuration = Configuration(self)
        self.guild_known = False
        """Whether the guild's rows are what the guild is: its changes are heard and written."""
        self._had_ready = self._begun = self._reads_again = False

    @property
    def home(self) -> discord.Guild:
        guild = self.get_guild(settings.DISCORD_GUILD_ID or 0)
        if guild is None:
            raise discord.ClientException("The bot is not in the guild of DISCORD_GUILD_ID.")
        return guild

    @property
    def user_id(self) -> int:
        return self.user.id if self.user else 0

    def refuse_without_lead(self) -> None:
        if time.monotonic() >= self.lead_until:
            raise LostLead

    # --- its life ------------------------------------------------------------
    async def setup_hook(self) -> None:
        self.add_dynamic_items(TicketButton)
        await cogs_table.load_wanted(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not is_elsewhere():
            await super().before_identify_hook(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """A new session: what happened before it has to be asked for."""
        logger.info("bot_connected", user=str(self.user))
        if not self._had_ready:
            self._had_ready = True
            _start(answer_commands(self), self._always)
            _start(cogs_table.keep_synced(self), self._always)
            _start(self.configuration.run(), self._always)
        guild = self.get_guild(settings.DISCORD_GUILD_ID or 0)
        if guild is None or guild.unavailable:
            self._leave_home()
        else:
            await self._come_home()
        if not self._begun:
            await db_call(leadership.begin, self.holder, self.facts())
            self._begun = True

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Before `on_ready`, that is about the guilds of a new session: nothing is done twice."""
        if self._had_ready and not self._at_home and guild.id == settings.DISCORD_GUILD_ID:
            await self._come_home()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Discord may have forgotten the commands of a guild that the bot was not in."""
        await self.on_guild_available(guild)
        if guild.id == settings.DISCORD_GUILD_ID:
            await cogs_table.sync_commands(self, anew=True)

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        if guild.id == settings.DISCORD_GUILD_ID:
            self._leave_home()

    on_guild_remove = on_guild_unavailable

    async def on_connect(self) -> None:
        """Right at the beginning of a new session, before anything is heard in it; not after a resumption."""
        self.guild_known = False
        self.inbound.begin_session()

    async def on_resumed(self) -> None:
        logger.info("bot_resumed")

    async def _come_home(self) -> None:
        """Read what was said while nobody listened, and follow the tickets from now on."""
        if not self._at_home:
            _start(self.outbound.run(), self._at_home)
            _start(self.typing_here.listen(), self._at_home)
            _start(follow_staff_roles(self), self._at_home)
        await self._catch_up()

    async def _catch_up(self) -> None:
        try:
            await self.inbound.catch_up()
        except PASSING as error:
            logger.warning("bot_cannot_catch_up", error=repr(error))
            self.again_soon()

    def _leave_home(self) -> None:
        """Nothing can be done without the guild; what is to be told waits in its rows."""
        logger.error("bot_is_not_in_the_guild", guild=settings.DISCORD_GUILD_ID)
        for task in self._following():
            task.cancel()
        self._at_home.clear()
        self.inbound.begin_session()
        self._reads_again = self.guild_known = False

    def _following(self) -> list[asyncio.Task[Any]]:
        return [*self._at_home, *self.outbound.following.values()]

    def again_soon(self) -> None:
        """A channel could not be read: all are read on from where they are, a little later."""

        async def again() -> None:
            await asyncio.sleep(READ_AGAIN_SECONDS)
            self._reads_again = False
            await self._catch_up()

        if not self._reads_again:
            self._reads_again = True
            _start(again(), self._at_home)

    async def close(self) -> None:
        tasks = [*self._always, *self._following()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await super().close()

    # --- what Discord tells --------------------------------------------------
    async def on_message(self, message: discord.Message) -> None:
        await self.inbound.written(message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        await self.inbound.edited(payload.message)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self.inbound.deleted(payload.channel_id, {payload.message_id})

    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self.inbound.deleted(payload.channel_id, payload.message_ids)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self.inbound.channel_gone(channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self.inbound.channel_gone(payload.thread_id)

    async def on_typing(
        self, channel: discord.abc.Messageable, user: discord.User | discord.Member, _when: Any
    ) -> None:
        if isinstance(channel, discord.TextChannel | discord.Thread):
            await self.typing_here.there(channel.id, user)

    async def on_error(self, event: str, /, *_args: Any, **_kwargs: Any) -> None:
        logger.warning("bot_event_failed", gateway_event=event, exc_info=sys.exception())

    async def channel_of(self, ticket_pk: int) -> int | None:
        """Where a new ticket can be talked about; None when Discord takes longer than somebody waits."""
        for _look in range(WAIT_FOR_CHANNEL_SECONDS * 4):
            channel_id = await db_call(services.channel_of, ticket_pk)
            if channel_id is not None:
                return channel_id
            await asyncio.sleep(0.25)
        return None

    def facts(self) -> dict[str, Any]:
        """What the presence row says of it."""
        ready = self.is_ready() and not self.is_closed()
        guild = self.get_guild(settings.DISCORD_GUILD_ID or 0) if ready else None
        latency = self.latency if ready and math.isfinite(self.latency) else None
        return {
            "connected": ready,
            "latency_ms": round(latency * 1000, 1) if latency is not None else None,
            "guilds": len(self.guilds),
            "members": guild.member_count if guild else 0,
            "guild_known": guild is not None and self.guild_known,
        }


def _start(work: Coroutine[Any, Any, Any], among: set[asyncio.Task[Any]]) -> None:
    task = asyncio.create_task(work)
    among.add(task)
    task.add_done_callback(among.discard)
