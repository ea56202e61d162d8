"""Tickets, messages and events as JSON: the shapes of the wire contract, written once for all doors.

Plain functions and no serializers, because a fan-out and a page of a hundred messages pay for each. For the
same reason each shape is made of columns (`message_of`, `summary_of`), which a query gives as cheaply as can
be; whoever has objects calls `message_json` and the like. `serializers.py` declares the same shapes for the
document; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from accounts.models import User
from tickets.models import Attachment, Message, Reader, Ticket, TicketEvent

Json = dict[str, Any]
STAFF_FACTS = (
    "snoozed_until", "first_answer_at", "first_answer_due_at", "resolution_due_at", "answer_overdue",
    "resolution_overdue",
)  # fmt: skip
"""What staff see of a ticket and its owner does not. As of the moment of reading: no event tells them all."""
MESSAGE = (
    "pk", "seq", "author__user_id", "author__username", "author__avatar", "content", "created_at",
    "edited_at", "by_staff", "is_note", "source", "attached", "mentioned", "client_nonce", "deleted_at",
)  # fmt: skip
SUMMARY = (
    "public_id", "pk", "owner__user_id", "owner__username", "status", "type", "priority", "subject",
    "created_at", "last_message__content", "last_message__attached", "last_message__created_at", "unread",
    "assigned_to__user_id", "claimed_by__user_id", "awaiting", "last_seq", "last_public_seq", *STAFF_FACTS,
)  # fmt: skip
"""`unread` is that of `with_unread`."""
DETAIL = (
    "owner__avatar", "closed_at", "answers", "merged_into__public_id", "merged_into__deleted_at",
    "rating__score", "rating__comment", "rating__created_at",
)  # fmt: skip
"""What a page has beyond the summary."""
Row = Sequence[Any]


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


def message_of(row: Row) -> Json:
    """The columns `MESSAGE`."""
    (
        key, seq, author_id, author_name, author_avatar, content, created_at, edited_at, by_staff, is_note,
        source, attached, mentioned, client_nonce, deleted_at,
    ) = row  # fmt: skip
    return {
        "id": f"msg_{key}",
        "seq": seq,
        "author_id": author_id,
        "author_name": author_name,
        "author_avatar": author_avatar or None,
        "content": "" if deleted_at else content,
        "timestamp": created_at,
        "edited_at": edited_at,
        "is_admin": by_staff,
        "is_note": is_note,
        "source": source,
        "attachments": [] if deleted_at else attached,
        "mentions": mentioned,
        "client_nonce": client_nonce,
        "deleted": deleted_at is not None,
    }


_message_columns = attrgetter(*(name.replace("__", ".") for name in MESSAGE))


def message_json(message: Message) -> Json:
    """Needs `author` loaded."""
    return message_of(_message_columns(message))


def summary_of(row: Row, tags: list[str], *, staff: bool) -> Json:
    """The columns `SUMMARY`; more may follow."""
    (
        public_id, key, owner_id, owner_name, status, kind, priority, subject, created_at, said, attached,
        said_at, unread, assigned_to, claimed_by, awaiting, last_seq, last_public_seq, *more,
    ) = row  # fmt: skip
    summary = {
        "ticket_id": public_id,
        "ticket_num": key,
        "user_id": owner_id,
        "user_name": owner_name,
        "status": status,
        "type": kind,
        "priority": priority,
        "tags": tags,
        "subject": subject,
        "created_at": created_at,
        "last_message": said or ", ".join(file["name"] for file in attached or ()),
        "last_message_at": said_at,
        "unread_count": unread or 0,
        "assigned_to": assigned_to,
        "claimed_by": claimed_by,
        "awaiting": awaiting,
        "last_seq": last_seq if staff else last_public_seq,
    }
    if staff:
        summary.update(zip(STAFF_FACTS, more, strict=False))
    return summary


def summary_json(ticket: Ticket, reader: Reader) -> Json:
    """Needs the people, the tags, `last_message` and `unread` loaded (`with_people`, `with_unread`)."""
    return summary_of(_columns(ticket, SUMMARY), ticket.tag_names, staff=reader.is_staff)


def detail_of(row: Row, tags: list[str], *, staff: bool) -> Json:
    """The columns `SUMMARY` and `DETAIL`. The messages are for the caller to add."""
    avatar, closed_at, answers, merged_into, target_gone, score, comment, rated_at = row[len(SUMMARY) :]
    return summary_of(row, tags, staff=staff) | {
        "user_avatar": avatar or None,
        "closed_at": closed_at,
        "answers": answers,
        "merged_into": None if target_gone else merged_into,
        "rating": None if score is None else {"score": score, "comment": comment, "at": rated_at},
    }


def detail_json(ticket: Ticket, reader: Reader) -> Json:
    """Needs `merged_into` and the rating loaded too."""
    return detail_of(_columns(ticket, SUMMARY + DETAIL), ticket.tag_names, staff=reader.is_staff)


def _columns(found: Any, names: tuple[str, ...]) -> list[Any]:
    """What a query for these columns gives, from an object with its related objects."""
    return [_column(found, name) for name in names]


def _column(found: Any, name: str) -> Any:
    for step in name.split("__"):
        found = getattr(found, step, None)  # nobody has claimed it, nothing was said, ...
    return found


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
