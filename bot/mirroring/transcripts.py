"""The whole conversation as a file, in the channel for transcripts, when a ticket is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from accounts.models import User
from bot.mirroring.texts import plain
from botconfig.services import read_section
from hazesite.realtime.database import db_call
from tickets.models import Ticket, TicketEvent
from tickets.services.transcripts import transcript

if TYPE_CHECKING:
    from bot.client import Bridge


async def post_transcript(bot: Bridge, ticket: Ticket, owner: User, event: TicketEvent) -> None:
    """As the owner may see it: notes never leave the site. Nothing where no channel is configured."""
    channels = (await db_call(read_section, "channels")).values
    wanted = channels["transcript_channel_id"]
    channel = bot.home.get_channel(int(wanted)) if wanted else None
    if not isinstance(channel, discord.TextChannel):
        return
    made = await db_call(transcript, ticket.public_id, owner)
    with made.file:
        await channel.send(
            f"Ticket #{ticket.pk} · {plain(ticket.subject)} · opened by {plain(owner.username)}",
            file=discord.File(made.file, filename=made.name),  # type: ignore[arg-type]
            nonce=f"t{ticket.pk}-{event.seq}",
        )
