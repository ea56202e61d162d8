"""Answers written once."""

from __future__ import annotations

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from hazesite.errors import NotFound
from hazesite.events import publish
from tickets.errors import NameTaken
from tickets.events import CannedReplyChanged
from tickets.models import CannedReply, Ticket
from tickets.services.locking import require_staff

VARIABLE = re.compile(r"\{(\w+)\}")


def canned_replies(actor: User) -> QuerySet[CannedReply]:
    require_staff(actor)
    return CannedReply.objects.order_by("name")


def save_canned_reply(actor: User, changes: dict[str, Any], name: str | None = None) -> CannedReply:
    """A new one, or with `name` the changed one of that name. Raises `NotFound`, `NameTaken`."""
    require_staff(actor)
    reply = CannedReply(created_by=actor) if name is None else _named(name)
    for field, value in changes.items():
        setattr(reply, field, value)
    reply.updated_at = timezone.now()
    step = "added" if name is None else "changed"
    try:
        with transaction.atomic():
            reply.save()
            publish(CannedReplyChanged(reply.name, actor.pk, step, tuple(changes)))
    except IntegrityError as error:
        raise NameTaken from error
    return reply


@transaction.atomic
def delete_canned_reply(actor: User, name: str) -> None:
    require_staff(actor)
    _named(name).delete()
    publish(CannedReplyChanged(name, actor.pk, "deleted"))


def _named(name: str) -> CannedReply:
    reply = CannedReply.objects.filter(name=name).first()
    if reply is None:
        raise NotFound
    return reply


def fill_in(content: str, ticket: Ticket, actor: User) -> str:
    """Put the ticket's facts in place of the variables; braces that name none stay as they are."""
    facts = {
        "owner": ticket.owner.username,
        "staff": actor.username,
        "subject": ticket.subject,
        "ticket_num": str(ticket.pk),
        "type": ticket.type,
        "priority": str(ticket.get_priority_display()),
    }
    return VARIABLE.sub(lambda found: facts.get(found[1], found[0]), content)
