"""The tickets' part of what is known of a person: what they said, asked for and thought, and where."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.storage import default_storage

from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace
from tickets.models import Attachment, Block, Mention, Message, Rating, ReadMark, Ticket
from tickets.search.index import forget_for_good
from tickets.services import erasing

HELD = (
    "tickets.Ticket", "tickets.Message", "tickets.TicketEvent", "tickets.Attachment", "tickets.StoredFile",
    "tickets.Rating", "tickets.Mention", "tickets.ReadMark", "tickets.Presence", "tickets.Block",
)  # fmt: skip
TICKET = ("public_id", "subject", "status", "type", "priority", "created_at", "closed_at", "answers")
SAID = ("ticket__public_id", "seq", "content", "source", "created_at", "edited_at", "deleted_at", "is_note")


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    key = person.pk
    yield "tickets", Ticket.objects.filter(owner=key).values(*TICKET).iterator()
    yield "messages", Message.objects.filter(author=key).order_by("pk").values(*SAID).iterator()
    yield "attachments", _attachments(key)
    ratings = Rating.objects.filter(ticket__owner=key)
    yield "ratings", ratings.values("ticket__public_id", "score", "comment", "created_at").iterator()
    mentions = Mention.objects.filter(user=key)
    yield "mentions", mentions.values("message__ticket__public_id", "message__seq", "created_at").iterator()
    yield "read_marks", ReadMark.objects.filter(user=key).values("ticket__public_id", "seq").iterator()
    yield "blocks", Block.objects.filter(user=key).values("reason", "until", "created_at")


def _attachments(key: int) -> Iterator[dict[str, Any]]:
    rows = Attachment.objects.filter(message__author=key).select_related("stored", "message").order_by("pk")
    for attachment in rows.iterator():
        stored = attachment.stored
        yield {
            "message": attachment.message.public_id,
            "name": attachment.name,
            "content_type": stored.content_type,
            "size": stored.size,
            "base64": _bytes(stored.place),
        }


def _bytes(place: str) -> str | None:
    try:
        with default_storage.open(place) as file:
            return base64.b64encode(file.read()).decode()
    except FileNotFoundError:
        return None


def erase(trace: Trace) -> int:
    return next((count for step in erasing.STEPS if (count := step(trace))), 0)


def register() -> None:
    personal_data.register(Part("tickets", HELD, export, erase, forget_for_good))
    personal_data.not_personal("A text of the community; who wrote it is a pseudonym", "tickets.CannedReply")
    personal_data.not_personal("An address of a service; who set it is a pseudonym", "tickets.Webhook")
