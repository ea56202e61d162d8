"""New members: the rules with a button to accept them, and a word of welcome."""

from __future__ import annotations

import secrets
from typing import Any

import discord
from discord.ext import commands

from bot.answers import Interaction, answered, begin, tell
from bot.client import Bridge
from bot.posts import Post
from botconfig.services import read_section
from hazesite.errors import Refused
from hazesite.realtime.database import db_call


class NoMemberRole(Refused):
    code = "no_member_role"
    message = "There is no role to give yet. The staff know which one it should be."


class AcceptButton(discord.ui.View):
    """Under the rules. Works after any restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="I accept", style=discord.ButtonStyle.success, custom_id="welcome:accept")
    @answered
    async def accept(self, interaction: Interaction, _button: discord.ui.Button[Any]) -> None:
        await begin(interaction)
        wanted = (await db_call(read_section, "roles")).values["member_role_id"]
        guild, member = interaction.guild, interaction.user
        role = guild.get_role(int(wanted)) if guild and wanted else None
        if role is None or not isinstance(member, discord.Member):
            raise NoMemberRole
        if role not in member.roles:
            try:
                await member.add_roles(role, reason="Accepted the rules")
            except discord.Forbidden as error:
                raise NoMemberRole from error
        await tell(interaction, "Welcome in!")


class Welcome(commands.Cog):
    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.button = AcceptButton()
        self.rules = Post(bot, "welcome", "welcome_rules_channel_id", self._rules)

    async def cog_load(self) -> None:
        self.bot.add_view(self.button)
        self.rules.start()

    async def cog_unload(self) -> None:
        self.button.stop()
        self.rules.stop()

    def _rules(self, values: dict[str, Any]) -> tuple[list[discord.Embed], discord.ui.View] | None:
        if not values["rules_text"]:
            return None
        return [discord.Embed(title="Rules", description=values["rules_text"])], self.button

    @commands.Cog.listener("on_member_join")
    async def greet(self, member: discord.Member) -> None:
        """One of the configured sentences; `{name}` is the member."""
        if member.bot:
            return
        wanted = (await db_call(read_section, "channels")).values["welcome_public_channel_id"]
        sentences = (await db_call(read_section, "welcome")).values["welcome_messages"]
        channel = self.bot.home.get_channel(int(wanted)) if wanted else None
        if isinstance(channel, discord.TextChannel) and sentences:
            sentence = secrets.choice(sentences).replace("{name}", member.mention)
            await channel.send(sentence[:2000], allowed_mentions=discord.AllowedMentions(users=[member]))


async def setup(bot: Bridge) -> None:
    await bot.add_cog(Welcome(bot))
