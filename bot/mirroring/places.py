"""Where a ticket is in Discord: a private channel while there is room, else a private thread."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import discord

from accounts import people
from accounts.models import User
from accounts.roles import Role
from bot import services
from bot.models import Mirror
from botconfig.services import read_section, set_by_bot
from hazesite.realtime.database import db_call
from tickets.models import Ticket

if TYPE_CHECKING:
    from bot.client import Bridge

MOST_IN_CATEGORY = 50
TOO_MANY_CHANNELS, INVALID_BODY = 30013, 50035
CATEGORY_NAME, THREADS_NAME = "Tickets", "ticket-threads"
READ = discord.PermissionOverwrite(
    view_channel=True,
    send_messages=True,
    read_message_history=True,
    attach_files=True,
    embed_links=True,
    add_reactions=True,
)
STAFF_AMONG_THREADS = discord.PermissionOverwrite(view_channel=True, manage_threads=True)
DAY_MINUTES: Final = 1440
HIDDEN = discord.PermissionOverwrite(view_channel=False)
Place = discord.TextChannel | discord.Thread


class Places:
    """Finds, makes, locks and removes the channels of tickets."""

    def __init__(self, bot: Bridge) -> None:
        self.bot = bot

    @property
    def guild(self) -> discord.Guild:
        return self.bot.home

    async def place_of(self, ticket: Ticket, owner: User, mirror: Mirror) -> Place:
        """The ticket's channel or thread, made when there is none. Raises what Discord refuses."""
        if mirror.channel_id is not None:
            return await _awake(await self._known(mirror.channel_id))
        found = await self._left_by_a_crash(ticket) if mirror.place else None
        if found is None:
            threads = (await db_call(read_section, "tickets")).values["discord_private_threads"]
            await db_call(services.begin_placing, mirror, Mirror.Place.CHANNEL)
            found = await self._make(ticket, owner, threads=threads)
        thread = isinstance(found, discord.Thread)
        parent = found.parent_id if isinstance(found, discord.Thread) else found.id
        kind = Mirror.Place.THREAD if thread else Mirror.Place.CHANNEL
        await db_call(services.placed, mirror, kind, found.id, parent)
        await self.bot.inbound.follow(found.id, ticket.pk)
        return found

    async def _known(self, channel_id: int) -> Place:
        found = self.guild.get_channel_or_thread(channel_id) or await self.guild.fetch_channel(channel_id)
        assert isinstance(found, Place)
        return found

    async def _left_by_a_crash(self, ticket: Ticket) -> Place | None:
        """One that was made when nobody was left to note it. Asked of Discord, not of what is remembered."""
        for channel in await self.guild.fetch_channels():
            if isinstance(channel, discord.TextChannel) and ticket.public_id in (channel.topic or ""):
                return channel
        threads = await self.guild.active_threads()
        mine = (one for one in threads if one.owner_id == self.bot.user_id)
        return next((one for one in mine if one.name == thread_name(ticket)), None)

    async def _make(self, ticket: Ticket, owner: User, *, threads: bool) -> Place:
        category = await self._category()
        if not threads and len(category.channels) < MOST_IN_CATEGORY:
            try:
                return await self._make_channel(ticket, owner, category)
            except discord.HTTPException as error:
                if not _is_full(error):
                    raise
        return await self._make_thread(ticket, owner)

    async def _make_channel(
        self, ticket: Ticket, owner: User, category: discord.CategoryChannel
    ) -> discord.TextChannel:
        overwrites = await self._overwrites(owner)
        return await self.guild.create_text_channel(
            f"ticket-{ticket.pk:04}",
            category=category,
            overwrites=overwrites,
            topic=f"Ticket #{ticket.pk} · {ticket.public_id}",
            reason=f"Ticket #{ticket.pk}",
        )

    async def _overwrites(
        self, owner: User
    ) -> dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]:
        overwrites: dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite] = {
            self.guild.default_role: HIDDEN,
            self.guild.me: _for_the_bot(self.guild),
        }
        for role in await self.staff_roles():
            overwrites[role] = READ
        if member := await self._member(owner):
            overwrites[member] = READ
        return overwrites

    async def staff_roles(self) -> list[discord.Role]:
        """Those that are configured and there. Never everybody's, whose overwrite hides the channel."""
        known = await db_call(people.role_ids)
        ids = [known[Role.ADMIN], known[Role.MODERATOR]]
        roles = map(self.guild.get_role, filter(None, ids))
        return [role for role in roles if role is not None and not role.is_default()]

    async def _member(self, user: User) -> discord.Member | None:
        if user.discord_id is None:
            return None
        try:
            return self.guild.get_member(user.discord_id) or await self.guild.fetch_member(user.discord_id)
        except discord.NotFound:
            return None

    async def _category(self) -> discord.CategoryChannel:
        channels = await db_call(read_section, "channels")
        wanted = channels.values["tickets_category_id"]
        category = self.guild.get_channel(int(wanted)) if wanted else None
        if isinstance(category, discord.CategoryChannel):
            return category
        named = [one for one in await self.guild.fetch_channels() if one.name == CATEGORY_NAME]
        category = next((one for one in named if isinstance(one, discord.CategoryChannel)), None)
        if category is None:
            category = await self.guild.create_category(CATEGORY_NAME, reason="Tickets live here")
        await db_call(set_by_bot, "channels", {"tickets_category_id": str(category.id)})
        return category

    async def _make_thread(self, ticket: Ticket, owner: User) -> discord.Thread:
        parent = await self._thread_parent()
        thread = await parent.create_thread(
            name=thread_name(ticket),
            type=discord.ChannelType.private_thread,
            invitable=False,
            reason=f"Ticket #{ticket.pk}",
        )
        if member := await self._member(owner):
            await thread.add_user(member)
        return thread

    async def _thread_parent(self) -> discord.TextChannel:
        for channel in self.guild.text_channels:
            if channel.name == THREADS_NAME:
                return channel
        overwrites: dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite] = {
            self.guild.default_role: discord.PermissionOverwrite(
                view_channel=True, send_messages=False, send_messages_in_threads=True
            ),
            self.guild.me: _for_the_bot(self.guild),
        }
        for role in await self.staff_roles():
            overwrites[role] = STAFF_AMONG_THREADS
        return await self.guild.create_text_channel(THREADS_NAME, overwrites=overwrites)

    async def lock(self, place: Place, owner: User) -> None:
        """Closed: its owner reads on and writes no more. Discord archives a thread after a silent day."""
        if isinstance(place, discord.Thread):
            await place.edit(locked=True, auto_archive_duration=DAY_MINUTES)
        elif member := await self._member(owner):
            await place.set_permissions(member, overwrite=_silent())

    async def unlock(self, place: Place, owner: User) -> None:
        if isinstance(place, discord.Thread):
            await place.edit(locked=False)
        elif member := await self._member(owner):
            await place.set_permissions(member, overwrite=READ)

    async def remove(self, mirror: Mirror) -> None:
        """Take the channel away; one that is gone already is as good."""
        if mirror.channel_id is not None:
            with suppress(discord.NotFound):
                await (await self._known(mirror.channel_id)).delete()
            self.bot.inbound.unfollow(mirror.channel_id)
        await db_call(services.place_ended, mirror)


async def _awake(place: Place) -> Place:
    """In an archived thread nothing can be changed, and Discord archives each that is silent for days."""
    if isinstance(place, discord.Thread) and place.archived:
        return await place.edit(archived=False)
    return place


def _is_full(error: discord.HTTPException) -> bool:
    """The guild, or its category: of a refused body the library keeps the fields and sentences alone."""
    return error.code == TOO_MANY_CHANNELS or (error.code == INVALID_BODY and "parent_id" in error.text)


def thread_name(ticket: Ticket) -> str:
    return f"ticket-{ticket.pk:04}"


def _silent() -> discord.PermissionOverwrite:
    overwrite = discord.PermissionOverwrite.from_pair(*READ.pair())
    overwrite.update(send_messages=False, add_reactions=False)
    return overwrite


def _for_the_bot(guild: discord.Guild) -> discord.PermissionOverwrite:
    """What it needs there, of what it has: Discord lets nobody give more."""
    needed = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        create_private_threads=True,
        manage_channels=True,
        manage_messages=True,
        manage_webhooks=True,
        manage_threads=True,
        read_message_history=True,
        attach_files=True,
        embed_links=True,
        add_reactions=True,
    )
    allowed = discord.Permissions(needed.value & guild.me.guild_permissions.value)
    return discord.PermissionOverwrite.from_pair(allowed, discord.Permissions.none())
