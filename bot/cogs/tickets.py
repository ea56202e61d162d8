"""Tickets from within Discord: commands, and the message with the button that opens one."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import ticket_actions
from bot.answers import Interaction, begin, person, tell
from bot.client import Bridge
from bot.models import Mirror
from hazesite.errors import NotAllowed, NotFound
from hazesite.realtime.database import db_call


class OpenButton(discord.ui.View):
    """On the message that `/ticket panel` posts. Works after any restart."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(
        label="Open a ticket", style=discord.ButtonStyle.primary, emoji="🎫", custom_id="tickets:open"
    )
    async def open(self, interaction: Interaction, _button: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(ticket_actions.Opening())


@app_commands.guild_only()
class Tickets(commands.GroupCog, group_name="ticket"):
    """Slash commands for tickets: find the ticket, call the service, answer."""

    def __init__(self, bot: Bridge) -> None:
        self.bot = bot
        self.button = OpenButton()

    async def cog_load(self) -> None:
        self.bot.add_view(self.button)

    async def cog_unload(self) -> None:
        self.button.stop()

    @app_commands.command(name="open")
    async def open_ticket(self, interaction: Interaction, category: str = "") -> None:
        """Open a ticket."""
        await interaction.response.send_modal(ticket_actions.Opening(category))

    @open_ticket.autocomplete("category")
    async def _categories(self, _interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        names = [name for name in await ticket_actions.categories() if typed.casefold() in name.casefold()]
        return [app_commands.Choice(name=name, value=name) for name in names[:25]]

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    async def panel(self, interaction: Interaction) -> None:
        """Post the message with which members open tickets here (admins)."""
        if not (await person(interaction)).is_admin:
            raise NotAllowed
        assert isinstance(interaction.channel, discord.TextChannel)
        await begin(interaction)
        embed = discord.Embed(title="Need help?", description="Open a ticket; only you and the staff see it.")
        await interaction.channel.send(embed=embed, view=self.button)
        await tell(interaction, "Posted.")

    @app_commands.command()
    async def claim(self, interaction: Interaction) -> None:
        """Claim the ticket of this channel (staff)."""
        await self._act(interaction, "claim")

    @app_commands.command()
    async def assign(self, interaction: Interaction) -> None:
        """Assign the ticket of this channel (staff)."""
        await self._act(interaction, "assign")

    @app_commands.command()
    async def status(self, interaction: Interaction) -> None:
        """How the ticket of this channel stands."""
        await self._act(interaction, "status")

    @app_commands.command()
    async def close(self, interaction: Interaction) -> None:
        """Close the ticket of this channel."""
        await self._act(interaction, "close")

    @app_commands.command()
    async def reopen(self, interaction: Interaction) -> None:
        """Open the ticket of this channel again."""
        await self._act(interaction, "reopen")

    async def _act(self, interaction: Interaction, verb: str) -> None:
        ticket_id = await db_call(_ticket_in, interaction.channel_id or 0)
        await ticket_actions.act(interaction, verb, ticket_id)


def _ticket_in(channel_id: int) -> str:
    """Raises `NotFound` in a channel without a ticket."""
    rows = Mirror.objects.filter(channel_id=channel_id)
    ticket_id = rows.values_list("ticket__public_id", flat=True).first()
    if ticket_id is None:
        raise NotFound("There is no ticket in this channel.")
    return ticket_id


async def setup(bot: Bridge) -> None:
    await bot.add_cog(Tickets(bot))
