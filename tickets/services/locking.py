from __future__ import annotations

import hashlib

import orjson

from accounts.models import User
from hazesite.errors import NotAllowed, NotFound
from tickets.models import Ticket


def locked(ticket_id: str, actor: User) -> Ticket:
    """The ticket with its row lock, as committed. Raises `NotFound` for what the actor may not see."""
    rows = Ticket.objects.visible_to(actor).select_related("owner", "claimed_by", "assigned_to")
    ticket = rows.select_for_update(no_key=True, of=("self",)).filter(public_id=ticket_id).first()
    if ticket is None:
        raise NotFound
    return ticket


def require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotAllowed


def digest(*body: object) -> str:
    """What a nonce stands for: the same nonce with another body is refused."""
    return hashlib.sha256(orjson.dumps(body)).hexdigest()
