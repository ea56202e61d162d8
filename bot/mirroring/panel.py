"""The message at the top of a ticket's channel: what it is about, and buttons for those who may."""

from __future__ import annotations

import re
from typing import Any

import discord

from accounts.models import User
from bot import ticket_actions
from bot.answers import answered
from bot.mirroring.texts import plain
from tickets.models import Ticket
from tickets.states import Priority, Status

COLORS = {Status.OPEN: 0x3BA55D, Status.CLAIMED: 0x5865F2, Status.CLOSED: 0x747F8D}
GREY, RED, GREEN, BLUE = (
    discord.ButtonStyle.secondary,
    discord.ButtonStyle.danger,
    discord.ButtonStyle.success,
    discord.ButtonStyle.primary,
)
BUTTONS: dict[str, tuple[str, discord.ButtonStyle]] = {
    "claim": ("Claim", BLUE),
    "assign": ("Assign", GREY),
    "status": ("Status", GREY),
    "close": ("Close", GREY),
    "reopen": ("Reopen", GREEN),
    "delete": ("Delete", RED),
}


class TicketButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"ticket:(?P<verb>[a-z]+):(?P<ticket>\w+)"
):
    """One handler for the buttons of all tickets: they work after any restart."""

    def __init__(self, verb: str, ticket_id: str, *, disabled: bool = False) -> None:
        label, style = BUTTONS.get(verb, (verb.title(), GREY))
        super().__init__(
            discord.ui.Button(
                label=label, style=style, custom_id=f"ticket:{verb}:{ticket_id}", disabled=disabled
            )
        )
        self.verb, self.ticket_id = verb, ticket_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> TicketButton:
        return cls(match["verb"], match["ticket"])

    @answered
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await ticket_actions.act(interaction, self.verb, self.ticket_id)


def panel(ticket: Ticket, owner: User, people: dict[str, str]) -> tuple[discord.Embed, discord.ui.View]:
    """`people`: the names behind `claimed_by` and `assigned_to`."""
    embed = discord.Embed(title=f"#{ticket.pk} · {ticket.subject}"[:256], color=COLORS[Status(ticket.status)])
    embed.add_field(name="Opened by", value=_mention(owner))
    embed.add_field(name="Status", value=str(Status(ticket.status).label))
    embed.add_field(name="Category", value=plain(ticket.type))
    embed.add_field(name="Priority", value=str(Priority(ticket.priority).label))
    for label, name in people.items():
        embed.add_field(name=label, value=plain(name))
    for answer in ticket.answers[:10]:
        embed.add_field(
            name=str(answer.get("label", ""))[:256] or "-",
            value=plain(str(answer.get("value", "")))[:1000] or "-",
            inline=False,
        )
    embed.timestamp = ticket.created_at
    return embed, _buttons(ticket)


def _mention(user: User) -> str:
    return f"<@{user.discord_id}>" if user.discord_id else plain(user.username)


def _buttons(ticket: Ticket) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    closed = ticket.is_closed
    off = {
        "claim": ticket.status != Status.OPEN,
        "assign": closed,
        "close": closed,
        "reopen": not closed,
    }
    for verb in BUTTONS:
        view.add_item(TicketButton(verb, ticket.public_id, disabled=off.get(verb, False)))
    return view
