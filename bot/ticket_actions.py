"""What the buttons of a ticket do: ask where it needs asking, call one service, answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from accounts.models import User
from bot.answers import Interaction, answered, begin, person, tell
from bot.mirroring.texts import plain
from hazesite.realtime.database import db_call
from tickets.models import Message, Ticket
from tickets.services import lifecycle, opening, reading
from tickets.services.settings import ticket_settings


async def act(interaction: Interaction, verb: str, ticket_id: str) -> None:
    """Raises `Refused` of the service behind it."""
    await ACTIONS[verb](interaction, ticket_id)


async def _claim(interaction: Interaction, ticket_id: str) -> None:
    await begin(interaction)
    await db_call(lifecycle.claim_ticket, ticket_id, await person(interaction))
    await tell(interaction, "The ticket is yours.")


async def _reopen(interaction: Interaction, ticket_id: str) -> None:
    await begin(interaction)
    await db_call(lifecycle.reopen_ticket, ticket_id, await person(interaction))
    await tell(interaction, "The ticket is open again.")


async def _status(interaction: Interaction, ticket_id: str) -> None:
    await begin(interaction)
    ticket = await db_call(reading.read_ticket, ticket_id, await person(interaction))
    await tell(interaction, status_of(ticket))


def status_of(ticket: Ticket) -> str:
    """`ticket` with its people, as `read_ticket` gives it."""
    lines = [
        f"**#{ticket.pk} {plain(ticket.subject)}**",
        f"Status: {ticket.status}, priority: {ticket.priority}",
    ]
    for label, user in (("Claimed by", ticket.claimed_by), ("Assigned to", ticket.assigned_to)):
        if user is not None:
            lines.append(f"{label}: {plain(user.username)}")
    return "\n".join(lines)


async def _close(interaction: Interaction, ticket_id: str) -> None:
    await interaction.response.send_modal(Closing(ticket_id))


async def _assign(interaction: Interaction, ticket_id: str) -> None:
    view = discord.ui.View(timeout=180)
    view.add_item(Assigning(ticket_id))
    await tell(interaction, "Who takes care of it?", view=view)


async def _delete(interaction: Interaction, ticket_id: str) -> None:
    view = discord.ui.View(timeout=180)
    view.add_item(Deleting(ticket_id))
    await tell(interaction, "Delete this ticket for everybody? Its channel goes too.", view=view)


class Closing(discord.ui.Modal, title="Close the ticket"):
    words: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="A last message (may stay empty)",
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=2000,
    )

    def __init__(self, ticket_id: str) -> None:
        super().__init__()
        self.ticket_id = ticket_id

    @answered
    async def on_submit(self, interaction: Interaction) -> None:
        await begin(interaction)
        actor = await person(interaction)
        close = lifecycle.close_ticket
        await db_call(close, self.ticket_id, actor, self.words.value.strip(), source=Message.Source.DISCORD)
        await tell(interaction, "The ticket is closed.")


class Assigning(discord.ui.UserSelect[Any]):
    def __init__(self, ticket_id: str) -> None:
        super().__init__(placeholder="A moderator or an admin")
        self.ticket_id = ticket_id

    @answered
    async def callback(self, interaction: Interaction) -> None:
        await begin(interaction)
        chosen = self.values[0]
        assignee = await db_call(_user_id_of, chosen.id)
        await db_call(lifecycle.assign_ticket, self.ticket_id, await person(interaction), assignee)
        await tell(interaction, f"Assigned to {plain(chosen.display_name)}.")


def _user_id_of(discord_id: int) -> str:
    """Whoever has no account here gets no ticket: the service says why."""
    found = User.objects.filter(discord_id=discord_id).values_list("user_id", flat=True).first()
    return found or str(discord_id)


class Deleting(discord.ui.Button[Any]):
    def __init__(self, ticket_id: str) -> None:
        super().__init__(label="Delete it", style=discord.ButtonStyle.danger)
        self.ticket_id = ticket_id

    @answered
    async def callback(self, interaction: Interaction) -> None:
        await begin(interaction)
        await db_call(lifecycle.delete_ticket, self.ticket_id, await person(interaction))
        await tell(interaction, "The ticket is deleted.")


ACTIONS: dict[str, Callable[[Interaction, str], Awaitable[None]]] = {
    "claim": _claim,
    "assign": _assign,
    "status": _status,
    "close": _close,
    "reopen": _reopen,
    "delete": _delete,
}


class Opening(discord.ui.Modal, title="Open a ticket"):
    """Subject and description; a category by name where there are several."""

    subject: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Subject", min_length=3, max_length=100)
    description: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="What is it about?", style=discord.TextStyle.paragraph, min_length=10, max_length=2000
    )

    def __init__(self, category: str = "") -> None:
        super().__init__()
        self.category = category

    @answered
    async def on_submit(self, interaction: Interaction) -> None:
        await begin(interaction)
        owner = await person(interaction)
        ticket = await db_call(
            opening.open_ticket,
            owner,
            self.subject.value.strip(),
            self.description.value.strip(),
            type=self.category,
            nonce=f"discord:{interaction.id}",
            source=Message.Source.DISCORD,
        )
        await tell(interaction, await _opened(interaction, ticket))


async def _opened(interaction: Interaction, ticket: Ticket) -> str:
    channel_id = await interaction.client.channel_of(ticket.pk)
    where = f" Go on in <#{channel_id}>." if channel_id else ""
    return f"Ticket #{ticket.pk} is open.{where}"


async def categories() -> list[str]:
    return list((await db_call(ticket_settings))["categories"])
