"""What clients may say about tickets over a socket, whichever door they came through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from accounts.roles import STAFF
from hazesite.api import flat_errors, parsed
from hazesite.errors import Invalid, NotFound
from hazesite.fields import Nonce, Text, Whole
from hazesite.realtime import bus
from hazesite.realtime.database import db_call
from hazesite.realtime.doorkeeper import doorkeeper
from hazesite.realtime.handlers import handles
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import Sink
from tickets import services, stream
from tickets.models import Reader
from tickets.rendering import event_json, message_json
from tickets.serializers import MAX_SEQ
from tickets.services.reading import NEWEST, History

PORTION = 200
"""How many missed events one `message_history` carries; the rest follows in further ones."""


class TicketRef(serializers.Serializer[dict[str, Any]]):
    ticket_id = Text(max_length=32)


class JoinIn(TicketRef):
    after_seq = Whole(min_value=0, max_value=MAX_SEQ, required=False, allow_null=True, default=None)


class SendIn(TicketRef):
    message = Text(max_length=4000)
    client_nonce = Nonce()


class ReadIn(TicketRef):
    up_to_seq = Whole(min_value=0, max_value=MAX_SEQ, required=False, allow_null=True, default=None)


def checked(serializer: type[serializers.Serializer[Any]], data: dict[str, Any]) -> dict[str, Any]:
    """As `parsed`, but refused in the words of a socket."""
    try:
        return parsed(serializer, data)
    except serializers.ValidationError as error:
        fields = flat_errors(error.detail)
        name, sentences = next(iter(fields.items()))
        raise Invalid(f"{name}: {sentences[0]}", fields=fields) from error


@handles("join_ticket")
async def join_ticket(sink: Sink, data: dict[str, Any]) -> dict[str, Any]:
    """Enter the ticket's room and get what was said, or with `after_seq` what came since."""
    wanted = checked(JoinIn, data)
    last_seq = await enter(sink, wanted["ticket_id"], wanted["after_seq"])
    joined = {"ok": True, "ticket_id": wanted["ticket_id"], "last_seq": last_seq}
    sink.push(Frame.of("joined_ticket", joined))
    return joined


@dataclass(frozen=True)
class SocketReader:
    """Somebody at a socket as the hub knows them: it closes those whose role changed within seconds."""

    pk: int
    is_staff: bool

    @classmethod
    def at(cls, sink: Sink) -> SocketReader:
        return cls(sink.identity.user_id, sink.identity.role in STAFF)


async def enter(sink: Sink, ticket_id: str, after_seq: int | None) -> int:
    """Subscribe, then read, then show: whatever is committed meanwhile is in one of the two, once."""
    reader = SocketReader.at(sink)
    name, room = stream.stream_of(ticket_id), stream.room_of(ticket_id, staff=reader.is_staff)
    subscription = hub.subscribe(sink, room, name)
    try:
        seen = await _show_history(sink, ticket_id, reader, after_seq)
        while not hub.caught_up(subscription, seen.stream_seq):
            seen = await _show_history(sink, ticket_id, reader, seen.last_seq)
    except BaseException:
        hub.unsubscribe(sink, room)
        raise
    subscription.open(seen.stream_seq)
    hub.announce_presence(name)
    return seen.last_seq


async def _show_history(sink: Sink, ticket_id: str, reader: Reader, after_seq: int | None) -> History:
    while True:
        limit = NEWEST if after_seq is None else PORTION
        seen, body = await db_call(_portion, ticket_id, reader, after_seq, limit)
        sink.push(Frame.of("message_history", body))
        if seen.complete:
            return seen
        after_seq = seen.last_seq


def _portion(
    ticket_id: str, reader: Reader, after_seq: int | None, limit: int
) -> tuple[History, dict[str, Any]]:
    seen = services.history(ticket_id, reader, after_seq, limit)
    body: dict[str, Any] = {
        "ticket_id": ticket_id,
        "messages": seen.messages,
        "last_seq": seen.last_seq,
    }
    if seen.events is not None:
        body["events"] = [event_json(event, staff=reader.is_staff) for event in seen.events]
    return seen, body


@handles("leave_ticket")
async def leave_ticket(sink: Sink, data: dict[str, Any]) -> dict[str, Any]:
    ticket_id = checked(TicketRef, data)["ticket_id"]
    for staff in (True, False):
        hub.unsubscribe(sink, stream.room_of(ticket_id, staff=staff))
    left = {"ticket_id": ticket_id}
    sink.push(Frame.of("left_ticket", left))
    return left


@handles("send_message")
async def send_message(sink: Sink, data: dict[str, Any]) -> dict[str, Any]:
    """Say something. The acknowledgement means: stored."""
    wanted = checked(SendIn, data)

    def post() -> dict[str, Any]:
        message = services.post_message(
            wanted["ticket_id"],
            doorkeeper().person(sink.identity),
            wanted["message"],
            nonce=wanted["client_nonce"] or "",
            source=sink.source,
        )
        return message_json(message)

    return {"message": await db_call(post)}


@handles("mark_read")
async def mark_read(sink: Sink, data: dict[str, Any]) -> None:
    wanted = checked(ReadIn, data)

    def mark() -> None:
        reader = doorkeeper().person(sink.identity)
        services.mark_read(wanted["ticket_id"], reader, wanted["up_to_seq"])

    await db_call(mark)


@handles("typing")
async def typing(sink: Sink, data: dict[str, Any]) -> None:
    """Tell the others in the room, under the name the server knows. Never stored."""
    ticket_id = checked(TicketRef, data)["ticket_id"]
    if not any(stream.room_of(ticket_id, staff=staff) in sink.subscriptions for staff in (True, False)):
        raise NotFound
    # Not from here: where Redis is, sending waits for it.
    await db_call(bus.send, stream.typing(ticket_id, sink.identity))
