"""Who sees the tickets by a role: when the configured roles change, so do the channels there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog

from bot import services
from bot.mirroring.places import READ, STAFF_AMONG_THREADS, THREADS_NAME
from bot.trouble import PASSING
from botconfig.guild import former_staff_role_ids
from hazesite.realtime.database import db_call

if TYPE_CHECKING:
    from bot.client import Bridge

logger = structlog.get_logger(__name__)
LOOK_SECONDS, AGAIN_SECONDS = 60.0, 5.0


async def follow_staff_roles(bot: Bridge) -> None:
    """For ever. Only what differs is changed, so what did not succeed is simply tried again."""
    while True:
        turn, pause = bot.configuration.turn, LOOK_SECONDS
        try:
            await _let_in(bot)
        except PASSING as error:
            logger.warning("staff_roles_not_followed", error=repr(error))
            pause = AGAIN_SECONDS
        await bot.configuration.beyond(turn, pause)


async def _let_in(bot: Bridge) -> None:
    staff = set(await bot.places.staff_roles())
    former = await db_call(former_staff_role_ids) - {role.id for role in staff}
    for channel_id in await db_call(services.live_channels):
        channel = bot.home.get_channel(channel_id)
        if isinstance(channel, discord.TextChannel):
            bot.refuse_without_lead()
            await _let_into(channel, READ, staff, former)
    for channel in bot.home.text_channels:
        if channel.name == THREADS_NAME:
            await _let_into(channel, STAFF_AMONG_THREADS, staff, former)


async def _let_into(
    channel: discord.TextChannel,
    right: discord.PermissionOverwrite,
    staff: set[discord.Role],
    former: set[int],
) -> None:
    """Roles that were added to the channel by hand are nobody's business."""
    there = {target for target in channel.overwrites if isinstance(target, discord.Role)}
    for role in staff - there:
        await channel.set_permissions(role, overwrite=right, reason="A role of the staff")
    for role in there:
        if role.id in former:
            await channel.set_permissions(role, overwrite=None, reason="No role of the staff any more")
