"""Everything as JSON, in the shapes of the API: the ticket, all messages, all events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tickets.models import TicketEvent
from tickets.rendering import detail_json, event_json, message_json
from tickets.transcripts.conversations import Conversation


def data(conversations: list[Conversation]) -> Iterator[str]:
    """`{...detail, "messages": [...], "events": [...], "merged_tickets": [{the same}]}`."""
    first, *merged = conversations
    yield from _open(first)
    yield ',"merged_tickets":['
    for number, conversation in enumerate(merged):
        yield "," if number else ""
        yield from _open(conversation)
        yield "}"
    yield "]}"


def _open(conversation: Conversation) -> Iterator[str]:
    """All of an object but its end."""
    ticket = conversation.ticket
    detail = detail_json(ticket, conversation.reader)
    yield _json(detail)[:-1]
    yield ',"messages":['
    yield from _listed(_messages(conversation))
    yield '],"events":['
    staff = conversation.reader.is_staff
    yield from _listed(
        event_json(event, staff=staff) for portion in conversation.portions() for event in portion
    )
    yield "]"


def _messages(conversation: Conversation) -> Iterator[dict[str, Any]]:
    for portion in conversation.portions():
        for event in portion:
            message = event.message if event.type == TicketEvent.Type.MESSAGE else None
            if message is not None and message.deleted_at is None:
                yield message_json(message)


def _listed(items: Iterable[dict[str, Any]]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield ("," if number else "") + _json(item)


def _json(item: dict[str, Any]) -> str:
    return orjson.dumps(item, default=str, option=orjson.OPT_UTC_Z).decode()
