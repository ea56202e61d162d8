"""A ticket's stream: taking the next place in it, showing a step to who may see it, reading it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import User
from hazesite.events import publish, show
from hazesite.prepared_writes import insert_row, update_row
from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.publication import Frame, Part, Publication
from tickets import prepared
from tickets.events import TicketMoved
from tickets.models import Message, Ticket, TicketEvent
from tickets.rendering import event_data, person_id, previous_seq

STAFF_INBOX = "inbox:staff"
PLACE = ("last_seq", "last_public_seq", "active_at")


def stream_of(ticket_id: str) -> str:
    """By the public id: whoever joins enters the room before any row was read."""
    return f"ticket:{ticket_id}"


def room_of(ticket_id: str, *, staff: bool) -> str:
    return f"ticket:{ticket_id}:{'staff' if staff else 'owner'}"


def inbox_of(user_pk: int, *, staff: bool) -> str:
    return STAFF_INBOX if staff else f"inbox:{user_pk}"


def append(
    ticket: Ticket,
    kind: str,
    actor: User | None,
    *,
    changed: Iterable[str] = (),
    message: Message | None = None,
    facts: dict[str, Any] | None = None,
    internal: bool = False,
) -> TicketEvent:
    """Take the ticket's next place, store the step with the `changed` columns, and tell everybody.

    The caller holds the ticket's row lock; what is `internal`, a note's steps among it, is for staff alone.
    """
    internal = internal or (message is not None and message.is_note)
    event = TicketEvent(
        ticket=ticket,
        seq=ticket.last_seq + 1,
        previous_public_seq=ticket.last_public_seq,
        is_internal=internal,
        type=kind,
        actor=actor,
        message=message,
        facts=facts or {},
        at=timezone.now(),
    )
    ticket.last_seq = event.seq
    if not internal:
        # A note moves nothing the owner could see, the order of the list included.
        ticket.last_public_seq, ticket.active_at = event.seq, event.at
    update_row(ticket, [*PLACE, *changed])
    insert_row(event)
    moved = TicketMoved(
        ticket.pk,
        event.pk,
        kind,
        event.actor_id,
        event.message_id,
        internal,
        actor is not None and actor.is_staff,
        ticket.as_found,
    )
    publish(moved, publication(event))
    return event


def publication(event: TicketEvent) -> Publication:
    """One step for each audience: staff see all, the owner what is not internal."""
    parts: list[Part] = []
    alike = previous_seq(event, staff=True) == previous_seq(event, staff=False)
    if alike and not event.is_internal:
        parts += shown(event.ticket, (True, False), *_frames(event, staff=True))
    else:
        for staff in (True, False) if not event.is_internal else (True,):
            parts += shown(event.ticket, (staff,), *_frames(event, staff=staff))
    return Publication(tuple(parts), stream_of(event.ticket.public_id), event.seq)


def shown(ticket: Ticket, audiences: tuple[bool, ...], specific: list[Frame], update: Frame) -> list[Part]:
    """All of it to the ticket's room of each audience (staff or not), the update alone to its inbox."""
    ticket_id, owner = ticket.public_id, ticket.owner_id
    rooms, inboxes = [], []
    for staff in audiences:
        rooms.append(room_of(ticket_id, staff=staff))
        inboxes.append(inbox_of(owner, staff=staff))
    if not specific:
        return [Part((*rooms, *inboxes), (update,))]
    return [Part(tuple(rooms), (*specific, update)), Part(tuple(inboxes), (update,))]


def _frames(event: TicketEvent, *, staff: bool) -> tuple[list[Frame], Frame]:
    data = event_data(event)
    place = {
        "ticket_id": event.ticket.public_id,
        "seq": event.seq,
        "prev_seq": previous_seq(event, staff=staff),
    }
    update = {
        **place,
        "event_type": event.type,
        "data": data,
        "timestamp": event.at,
        "actor": person_id(event.actor),
        "actor_name": event.actor.username if event.actor else None,
    }
    specific = []
    if event.message_id:
        text = {"message": data["content"]} if event.type == TicketEvent.Type.MESSAGE else {}
        specific = [Frame.of(event.type, {**place, **text, "messageData": data}, event.seq)]
    return specific, Frame.of("ticket_update", update, event.seq)


def show_read(ticket: Ticket, reader: User, up_to_seq: int) -> None:
    """Reading is no step of the stream: those who look now see it, nobody catches up on it."""
    now = timezone.now()

    def part(rooms: tuple[str, ...], seq: int) -> Part:
        update = {
            "ticket_id": ticket.public_id,
            "event_type": "ticket_read",
            "data": {"user_id": reader.user_id, "up_to_seq": seq},
            "timestamp": now,
        }
        return Part(rooms, (Frame.of("ticket_update", update),))

    public = min(up_to_seq, ticket.last_public_seq)
    staff, owner = (
        (room_of(ticket.public_id, staff=side), inbox_of(ticket.owner_id, staff=side))
        for side in (True, False)
    )
    show(Publication((part(staff, up_to_seq), part(owner, public))))


def typing(ticket_id: str, typist: Identity) -> Publication:
    """For everybody else: their own other devices need not be told."""
    body = {"ticket_id": ticket_id, "user_name": typist.name}
    rooms = (room_of(ticket_id, staff=True), room_of(ticket_id, staff=False))
    return Publication((Part(rooms, (Frame.of("typing", body),)),), skip=typist.user_id)


def presence(ticket_id: str, people: Iterable[User]) -> Publication:
    """Who has it open, all of them, for staff alone."""
    users = [{"user_id": user.user_id, "user_name": user.username} for user in people]
    users.sort(key=lambda user: user["user_name"])
    frame = Frame.of("presence", {"ticket_id": ticket_id, "users": users})
    return Publication((Part((room_of(ticket_id, staff=True),), (frame,)),))


def steps(ticket: Ticket, after: int, *, staff: bool, limit: int) -> list[TicketEvent]:
    """What this audience may see after `after`, in order. One query."""
    found = prepared.steps_after(ticket, after, staff=staff, limit=limit)
    for event in found:
        event.ticket = ticket
    return found
