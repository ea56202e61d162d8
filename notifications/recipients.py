"""Who hears what. The one place where this is decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from accounts.models import User
from notifications.kinds import Kind
from tickets.models import TicketEvent

Type = TicketEvent.Type
DESCRIPTION_SEQ = 2
"""A ticket's description is its second step; who hears of the ticket need not hear of that."""


def recipients(event: TicketEvent, staff: Collection[User], mentioned: Iterable[User]) -> dict[User, Kind]:
    """`staff` are all who could be told. Never the actor; a mention is said as one, once.

    The contract, section 8: a message is for the owner when staff wrote it, else for the assignee, or for
    all staff when nobody is assigned.
    """
    found = dict(_interested(event, staff))
    found |= dict.fromkeys(mentioned, Kind.MENTION)
    return {user: kind for user, kind in found.items() if user.pk != event.actor_id and user.is_active}


def _interested(event: TicketEvent, staff: Collection[User]) -> Iterable[tuple[User, Kind]]:
    if event.type == Type.MESSAGE:
        return (
            []
            if event.is_internal or event.seq == DESCRIPTION_SEQ
            else _of(Kind.MESSAGE, _reader(event, staff))
        )
    if event.type == Type.CREATED:
        return _of(Kind.CREATED, staff)
    if event.type in (Type.ASSIGNED, Type.TRANSFERRED):
        return _of(Kind.ASSIGNED, _assignee(event))
    if event.type in (Type.CLAIMED, Type.REMINDED):
        return _of(Kind.CLAIMED if event.type == Type.CLAIMED else Kind.REMINDED, [event.ticket.owner])
    if event.type == Type.CLOSED:
        return _of(Kind.CLOSED, [event.ticket.owner, *_assignee(event)])
    if event.type == Type.REOPENED:
        return _of(Kind.REOPENED, _reader(event, staff))
    return []


def _of(kind: Kind, people: Iterable[User]) -> list[tuple[User, Kind]]:
    return [(user, kind) for user in people]


def _reader(event: TicketEvent, staff: Collection[User]) -> Collection[User]:
    """The other side: of the owner the staff that look after the ticket, else the owner."""
    ticket = event.ticket
    if event.actor_id != ticket.owner_id:
        return [ticket.owner]
    return _assignee(event) or staff


def _assignee(event: TicketEvent) -> list[User]:
    return [event.ticket.assigned_to] if event.ticket.assigned_to is not None else []
