"""The guild's channels, roles and members as rows: for pickers, checks, and the rights at the site."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import discord
import structlog
from discord.ext import commands
from django.conf import settings
from django.db import Error as DatabaseTrouble

from bot.client import Bridge
from botconfig import guild as rows
from botconfig.models import GuildChannel, GuildMember, GuildRole
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
READ_AGAIN_SECONDS = 5.0
CHUNK_SECONDS = 60.0
T = TypeVar("T")


def channel_row(channel: discord.abc.GuildChannel) -> GuildChannel:
    parent = channel.category_id
    return GuildChannel(
        id=channel.id,
        name=channel.name,
        kind=channel.type.name,
        parent_id=parent,
        position=channel.position,
    )


def role_row(role: discord.Role) -> GuildRole:
    return GuildRole(
        id=role.id,
        name=role.name,
        color=role.color.value,
        position=role.position,
        managed=role.managed,
        permissions=role.permissions.value,
    )


def member_row(member: discord.Member) -> GuildMember:
    return GuildMember(
        id=member.id,
        name=member.name,
        display_name=member.display_name,
        avatar=member.display_avatar.url,
        role_ids=[role.id for role in member.roles if not role.is_default()],
        is_bot=member.bot,
        is_me=member.id == member.guild.me.id,
    )


def whole(guild: discord.Guild) -> rows.Guild:
    return rows.Guild(
        [channel_row(channel) for channel in guild.channels],
        [role_row(role) for role in guild.roles],
        [member_row(member) for member in guild.members],
    )


class GuildRows(commands.Cog):
    """One change after the other, each as it is when its turn comes: an older state is never written last.

    What the database did not take is made up for by reading the whole guild again.
    """

    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self._turn = asyncio.Lock()
        self._behind = False
        self._catching_up: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        if self.bot.is_ready():
            await self.keep_all(self.bot.home)

    async def cog_unload(self) -> None:
        self.bot.guild_known = False
        if self._catching_up is not None:
            self._catching_up.cancel()

    async def _keep(self, guild: discord.Guild, look: Callable[[], T], write: Callable[[T], None]) -> bool:
        """Whether the rows hold it now."""
        if guild.id != settings.DISCORD_GUILD_ID:
            return False
        try:
            async with self._turn:
                await db_call(write, look())
        except DatabaseTrouble as error:
            logger.warning("guild_not_kept", error=repr(error))
            self._again_soon()
            return False
        return True

    def _again_soon(self) -> None:
        self._behind, self.bot.guild_known = True, False
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        while self._behind:
            await asyncio.sleep(READ_AGAIN_SECONDS)
            self._behind = False
            await self.keep_all(self.bot.home)

    @commands.Cog.listener("on_guild_available")
    @commands.Cog.listener("on_guild_join")
    async def keep_all(self, guild: discord.Guild) -> None:
        """What happened while nobody listened is in the whole.

        A guild that is not there, or of which not everybody is known, says nothing about who has left.
        """
        if guild.id != settings.DISCORD_GUILD_ID or guild.unavailable:
            return
        try:
            async with asyncio.timeout(CHUNK_SECONDS):
                if not guild.chunked:
                    await guild.chunk()
        except TimeoutError:
            logger.warning("members_not_told", guild=guild.id)
            self._again_soon()
        else:
            if await self._keep(guild, lambda: whole(guild), rows.keep_guild):
                self.bot.guild_known = not self._behind

    @commands.Cog.listener("on_guild_channel_create")
    async def keep_channel(self, channel: discord.abc.GuildChannel) -> None:
        await self._keep(channel.guild, lambda: channel_row(channel), rows.keep_channel)

    @commands.Cog.listener("on_guild_channel_update")
    async def change_channel(self, _before: object, after: discord.abc.GuildChannel) -> None:
        await self.keep_channel(after)

    @commands.Cog.listener("on_guild_channel_delete")
    async def forget_channel(self, channel: discord.abc.GuildChannel) -> None:
        await self._keep(channel.guild, lambda: channel.id, rows.forget_channel)

    @commands.Cog.listener("on_guild_role_create")
    async def keep_role(self, role: discord.Role) -> None:
        await self._keep(role.guild, lambda: role_row(role), rows.keep_role)

    @commands.Cog.listener("on_guild_role_update")
    async def change_role(self, _before: object, after: discord.Role) -> None:
        await self.keep_role(after)

    @commands.Cog.listener("on_guild_role_delete")
    async def forget_role(self, role: discord.Role) -> None:
        await self._keep(role.guild, lambda: role.id, rows.forget_role)

    @commands.Cog.listener("on_member_join")
    async def keep_member(self, member: discord.Member) -> None:
        await self._keep(member.guild, lambda: member_row(member), rows.keep_member)

    @commands.Cog.listener("on_member_update")
    async def change_member(self, _before: object, after: discord.Member) -> None:
        await self.keep_member(after)

    @commands.Cog.listener("on_user_update")
    async def change_person(self, _before: object, after: discord.User) -> None:
        """Their name or avatar everywhere: Discord says nothing of the member then."""
        member = self.bot.home.get_member(after.id)
        if member is not None:
            await self.keep_member(member)

    @commands.Cog.listener("on_raw_member_remove")
    async def forget_member(self, payload: discord.RawMemberRemoveEvent) -> None:
        guild = self.bot.get_guild(payload.guild_id)
        if guild is not None:
            await self._keep(guild, lambda: payload.user.id, rows.forget_member)


async def setup(bot: Bridge) -> None:
    await bot.add_cog(GuildRows(bot))
