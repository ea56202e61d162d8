from __future__ import annotations

import hashlib

import orjson

from accounts.models import User
from hazesite.errors import NotAllowed, NotFound
from tickets.models import Ticket, TicketQuerySet


def locked(ticket_id: str, actor: User) -> Ticket:
    """The ticket with its row lock, as committed. Raises `NotFound` for what the actor may not see."""
    ticket = _with_lock(Ticket.objects.visible_to(actor)).filter(public_id=ticket_id).first()
    if ticket is None:
        raise NotFound
    return ticket


def locked_pair(one: str, other: str, actor: User) -> tuple[Ticket, Ticket]:
    """Both with their locks, taken by primary key, so that two such calls never wait in a ring."""
    rows = _with_lock(Ticket.objects.visible_to(actor)).filter(public_id__in=[one, other])
    found = {ticket.public_id: ticket for ticket in rows.order_by("pk")}
    if one not in found or other not in found:
        raise NotFound
    return found[one], found[other]


def locked_by_clock(ticket_pk: int) -> Ticket | None:
    """For jobs, which may see every ticket; None for one that was deleted."""
    return _with_lock(Ticket.objects.filter(pk=ticket_pk, deleted_at=None)).first()


def _with_lock(rows: TicketQuerySet) -> TicketQuerySet:
    people = rows.select_related("owner__ticket_block", "claimed_by", "assigned_to")
    return people.select_for_update(no_key=True, of=("self",))


def require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotAllowed


def digest(*body: object) -> str:
    """What a nonce stands for: the same nonce with another body is refused."""
    return hashlib.sha256(orjson.dumps(body)).hexdigest()
