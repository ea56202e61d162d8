"""Tickets, their messages, and the stream of events that is the truth about both."""

from __future__ import annotations

from tickets.models.conversation import Message, MessageQuerySet, ReadMark, TicketEvent
from tickets.models.desk import Block, BlockQuerySet, CannedReply, Mention, Presence, Rating
from tickets.models.files import Attachment, StoredFile
from tickets.models.tickets import KEEP_DELETED, Reader, Ticket, TicketQuerySet, TicketTag, new_ticket_id
from tickets.models.webhooks import Webhook

__all__ = [
    "KEEP_DELETED", "Attachment", "Block", "BlockQuerySet", "CannedReply", "Mention", "Message",
    "MessageQuerySet", "Presence", "Rating", "ReadMark", "Reader", "StoredFile", "Ticket", "TicketEvent",
    "TicketQuerySet", "TicketTag", "Webhook", "new_ticket_id",
]  # fmt: skip
