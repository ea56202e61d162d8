"""Tickets, messages and events as JSON: the shapes of the wire contract, written once for all doors.

Plain functions and no serializers, because a fan-out and a page of a hundred messages pay for each.
`serializers.py` declares the same shapes for the document; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from tickets.models import Attachment, Message, Rating, Reader, Ticket, TicketEvent

Json = dict[str, Any]
STAFF_FACTS = (
    "snoozed_until", "first_answer_at", "first_answer_due_at", "resolution_due_at", "answer_overdue",
    "resolution_overdue",
)  # fmt: skip
"""What staff see of a ticket and its owner does not. As of the moment of reading: no event tells them all."""


def moment_text(moment: datetime) -> str:
    """For facts, which are stored as JSON: as the encoder writes times everywhere else."""
    return moment.isoformat().replace("+00:00", "Z")


def person_id(user: User | None) -> str | None:
    return user.user_id if user else None


def attachment_json(ticket: Ticket, attachment: Attachment) -> Json:
    """As it is kept in `Message.attached`. Needs `stored`."""
    stored = attachment.stored
    return {
        "id": attachment.public_id,
        "name": attachment.name,
        "content_type": stored.content_type,
        "size": stored.size,
        "width": stored.width,
        "height": stored.height,
        "url": f"/api/tickets/{ticket.public_id}/attachments/{attachment.public_id}",
    }


def message_json(message: Message) -> Json:
    """Needs `author` loaded."""
    author = message.author
    return {
        "id": message.public_id,
        "seq": message.seq,
        "author_id": author.user_id,
        "author_name": author.username,
        "author_avatar": author.avatar or None,
        "content": "" if message.deleted_at else message.content,
        "timestamp": message.created_at,
        "edited_at": message.edited_at,
        "is_admin": message.by_staff,
        "is_note": message.is_note,
        "source": message.source,
        "attachments": [] if message.deleted_at else message.attached,
        "mentions": message.mentioned,
        "client_nonce": message.client_nonce,
        "deleted": message.deleted_at is not None,
    }


def summary_json(ticket: Ticket, reader: Reader) -> Json:
    """Needs the people, the tags, `last_message` and `unread` loaded (`with_people`, `with_unread`)."""
    last = ticket.last_message
    summary = {
        "ticket_id": ticket.public_id,
        "ticket_num": ticket.pk,
        "user_id": ticket.owner.user_id,
        "user_name": ticket.owner.username,
        "status": ticket.status,
        "type": ticket.type,
        "priority": ticket.priority,
        "tags": [tag.name for tag in ticket.tag_rows.all()],
        "subject": ticket.subject,
        "created_at": ticket.created_at,
        "last_message": _in_short(last) if last else "",
        "last_message_at": last.created_at if last else None,
        "unread_count": getattr(ticket, "unread", 0),
        "assigned_to": person_id(ticket.assigned_to),
        "claimed_by": person_id(ticket.claimed_by),
        "awaiting": ticket.awaiting,
        "last_seq": ticket.head_for(reader),
    }
    return summary | {name: getattr(ticket, name) for name in STAFF_FACTS} if reader.is_staff else summary


def _in_short(message: Message) -> str:
    return message.content or ", ".join(file["name"] for file in message.attached)


def detail_json(ticket: Ticket, reader: User, messages: list[Message]) -> Json:
    """Needs `merged_into` and the rating loaded too (`services.read_ticket`)."""
    return summary_json(ticket, reader) | {
        "user_avatar": ticket.owner.avatar or None,
        "closed_at": ticket.closed_at,
        "answers": ticket.answers,
        "merged_into": ticket.merged_into.public_id if ticket.merged_into else None,
        "rating": rating_json(getattr(ticket, "rating", None)),
        "messages": [message_json(message) for message in messages],
    }


def rating_json(rating: Rating | None) -> Json | None:
    if rating is None:
        return None
    return {"score": rating.score, "comment": rating.comment, "at": rating.created_at}


def event_data(event: TicketEvent) -> Json:
    """The message as it is now, or what changed in the ticket."""
    if event.message_id:
        assert event.message is not None
        return message_json(event.message)
    if event.type == TicketEvent.Type.CREATED:
        ticket = event.ticket
        return {
            "ticket_num": ticket.pk,
            "user_id": ticket.owner.user_id,
            "user_name": ticket.owner.username,
            "subject": ticket.subject,
            "created_at": ticket.created_at,
            **event.facts,
        }
    return dict(event.facts)


def previous_seq(event: TicketEvent, *, staff: bool) -> int:
    return event.seq - 1 if staff else event.previous_public_seq


def event_json(event: TicketEvent, *, staff: bool) -> Json:
    """Needs `actor`, `message` and its author, and for a creation the ticket's owner."""
    return {
        "seq": event.seq,
        "prev_seq": previous_seq(event, staff=staff),
        "type": event.type,
        "at": event.at,
        "actor": person_id(event.actor),
        "actor_name": event.actor.username if event.actor else None,
        "data": event_data(event),
    }
