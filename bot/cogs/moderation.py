"""What moderators do in channels. Each deed is kept with who, whom and why, and told in the log channel."""

from __future__ import annotations

from datetime import timedelta

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from accounts.models import User
from bot.answers import Interaction, begin, person, tell
from bot.client import Bridge
from bot.mirroring.texts import plain
from bot.models import ModerationAction
from bot.moderation import note, refuse_beyond_reach
from botconfig.services import read_section
from hazesite.errors import NotAllowed, Refused
from hazesite.realtime.database import db_call

logger = structlog.get_logger(__name__)
Kind = ModerationAction.Kind
Place = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel


class OutOfReach(Refused):
    code = "out_of_reach"
    message = "Discord does not let the bot do that: their role is too high, or a permission is missing."


@app_commands.guild_only()
@app_commands.default_permissions(manage_messages=True)
class Moderation(commands.Cog):
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot

    @app_commands.command()
    async def clear(self, interaction: Interaction, count: app_commands.Range[int, 1, 100]) -> None:
        """Delete the newest messages of this channel (staff)."""
        actor = await self._staff(interaction)
        channel = _here(interaction)
        try:
            gone = await channel.purge(limit=count)
        except discord.Forbidden as error:
            raise OutOfReach from error
        await self._noted(Kind.CLEAR, actor, None, f"{len(gone)} in #{channel.name}")
        await tell(interaction, f"Deleted {len(gone)} messages.")

    @app_commands.command()
    async def slowmode(self, interaction: Interaction, seconds: app_commands.Range[int, 0, 21_600]) -> None:
        """How long members wait between two messages here; 0: not at all (staff)."""
        actor = await self._staff(interaction)
        channel = _here(interaction)
        try:
            await channel.edit(slowmode_delay=seconds)
        except discord.Forbidden as error:
            raise OutOfReach from error
        await self._noted(Kind.SLOWMODE, actor, None, f"{seconds} s in #{channel.name}")
        await tell(interaction, f"Slow mode: {seconds} s.")

    @app_commands.command()
    async def warn(
        self, interaction: Interaction, member: discord.Member, reason: app_commands.Range[str, 1, 400]
    ) -> None:
        """Tell a member what to stop doing, and keep it (staff)."""
        actor = await self._staff(interaction, member)
        await self._noted(Kind.WARN, actor, member, reason)
        told = await self._write(member, f"You were warned: {reason}")
        await tell(interaction, "Warned." if told else "Kept; they take no direct messages.")

    @app_commands.command()
    async def timeout(
        self,
        interaction: Interaction,
        member: discord.Member,
        minutes: app_commands.Range[int, 1, 40_320],
        reason: app_commands.Range[str, 1, 400],
    ) -> None:
        """Silence a member for a while (staff)."""
        actor = await self._staff(interaction, member)
        try:
            await member.timeout(timedelta(minutes=minutes), reason=reason)
        except discord.Forbidden as error:
            raise OutOfReach from error
        await self._noted(Kind.TIMEOUT, actor, member, f"{minutes} min: {reason}")
        await tell(interaction, f"{plain(member.display_name)} is silent for {minutes} minutes.")

    async def _staff(self, interaction: Interaction, member: discord.Member | None = None) -> User:
        """Discord shows the commands to whom it likes; the role at the site decides."""
        await begin(interaction)
        actor = await person(interaction)
        if not actor.is_staff:
            raise NotAllowed
        if member is not None:
            await db_call(refuse_beyond_reach, actor, member.id, [role.id for role in member.roles])
        return actor

    async def _noted(self, kind: str, actor: User, member: discord.Member | None, detail: str) -> None:
        await db_call(note, kind, actor, member.id if member else None, str(member or ""), detail)
        whom = f" **{plain(str(member))}**" if member else ""
        await self._log(f"🛡️ **{plain(actor.username)}** · {kind}{whom} · {plain(detail)}")

    async def _log(self, line: str) -> None:
        """It is done and kept by then: a log channel the bot may not write in does not undo it."""
        wanted = (await db_call(read_section, "channels")).values["log_channel_id"]
        channel = self.bot.home.get_channel(int(wanted)) if wanted else None
        if isinstance(channel, discord.TextChannel):
            try:
                await channel.send(line[:2000])
            except discord.HTTPException as error:
                logger.warning("log_channel_not_told", error=repr(error))

    async def _write(self, member: discord.Member, text: str) -> bool:
        try:
            await member.send(text[:2000])
        except discord.Forbidden:
            return False
        return True


def _here(interaction: Interaction) -> Place:
    """Every channel of a guild that commands can be typed in is one of these."""
    assert isinstance(interaction.channel, Place)
    return interaction.channel


async def setup(bot: Bridge) -> None:
    await bot.add_cog(Moderation(bot))
