from __future__ import annotations

import hashlib

import orjson

from accounts.models import User
from hazesite.errors import NotAllowed, NotFound
from tickets import prepared
from tickets.audit import snapshot
from tickets.models import Ticket
from tickets.prepared import ROLE, Standing


def locked(ticket_id: str, actor: User) -> Ticket:
    """The ticket with its row lock, as committed, and the actor with the role they have by now.

    Raises `NotFound` for what the actor may not see.
    """
    ticket = locked_to_speak(ticket_id, actor, "")[0]
    if actor.is_staff:
        ticket.as_found = snapshot(ticket)
    return ticket


def locked_to_speak(ticket_id: str, actor: User, nonce: str) -> tuple[Ticket, Standing]:
    """As `locked`, with whether the actor is blocked and what they said with this nonce."""
    ticket = prepared.locked_ticket(ticket_id, actor)
    if ticket is None:
        raise NotFound
    standing = look_again(actor, nonce)
    if not ticket.is_visible_to(actor):
        raise NotFound
    return ticket, standing


def look_again(actor: User, nonce: str = "") -> Standing:
    """Whoever was blocked, or lost a role, while the request waited for its lock acts no more on the old one.

    Raises `NotFound` for somebody who was switched off.
    """
    standing = prepared.standing(actor.pk, nonce)
    if standing is None:
        raise NotFound
    for column, value in zip(ROLE, standing.role, strict=True):
        setattr(actor, column, value)
    return standing


def locked_pair(one: str, other: str, actor: User) -> tuple[Ticket, Ticket]:
    """Both with their locks, taken by primary key, so that two such calls never wait in a ring."""
    rows = Ticket.objects.visible_to(actor).with_lock().filter(public_id__in=[one, other])
    found = {ticket.public_id: ticket for ticket in rows.order_by("pk")}
    look_again(actor)
    if one not in found or other not in found or not actor.is_staff:
        raise NotFound
    for ticket in found.values():
        ticket.as_found = snapshot(ticket)
    return found[one], found[other]


def locked_by_clock(ticket_pk: int) -> Ticket | None:
    """For jobs, which may see every ticket; None for one that was deleted."""
    return Ticket.objects.filter(pk=ticket_pk, deleted_at=None).with_lock().first()


def require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotAllowed


def digest(*body: object) -> str:
    """What a nonce stands for: the same nonce with another body is refused."""
    return hashlib.sha256(orjson.dumps(body)).hexdigest()
