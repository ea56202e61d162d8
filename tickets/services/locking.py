from __future__ import annotations

import hashlib

import orjson
from django.db.models import BigIntegerField

from accounts.models import User
from hazesite.errors import NotAllowed, NotFound
from hazesite.prepared import Prepared, Slot
from tickets import prepared
from tickets.models import Ticket

_active = Prepared(lambda: User.objects.filter(pk=Slot("key", BigIntegerField()), is_active=True).order_by())
ROLE = ("is_superuser", "granted_role", "guild_role", "is_active")


def locked(ticket_id: str, actor: User) -> Ticket:
    """The ticket with its row lock, as committed, and the actor with the role they have by now.

    Raises `NotFound` for what the actor may not see.
    """
    ticket = prepared.locked_ticket(ticket_id, actor)
    if ticket is None:
        raise NotFound
    look_again(actor)
    if not ticket.is_visible_to(actor):
        raise NotFound
    return ticket


def look_again(actor: User) -> None:
    """Whoever was blocked, or lost a role, while the request waited for its lock acts no more on the old one.

    Raises `NotFound` for somebody who was blocked.
    """
    now = _active.first(key=actor.pk)
    if now is None:
        raise NotFound
    for column in ROLE:
        setattr(actor, column, getattr(now, column))


def locked_pair(one: str, other: str, actor: User) -> tuple[Ticket, Ticket]:
    """Both with their locks, taken by primary key, so that two such calls never wait in a ring."""
    rows = Ticket.objects.visible_to(actor).with_lock().filter(public_id__in=[one, other])
    found = {ticket.public_id: ticket for ticket in rows.order_by("pk")}
    look_again(actor)
    if one not in found or other not in found or not actor.is_staff:
        raise NotFound
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
