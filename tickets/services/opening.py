"""Opening a ticket, and who may open how many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from botconfig.services import read_section
from hazesite.errors import TooMany
from tickets import stream
from tickets.errors import NonceReused, TicketGone, TicketsDisabled, TooManyOpenTickets, UnknownType
from tickets.models import Message, Ticket, TicketEvent
from tickets.services.conversation import say_in
from tickets.services.locking import digest
from tickets.states import Priority

TICKETS_PER_HOUR = 20


def ticket_settings() -> dict[str, Any]:
    """The section `tickets` of the bot's configuration."""
    return read_section("tickets").values


def places_left(user: User, limit: int) -> int:
    return max(0, limit - user.tickets.filter(deleted_at=None).open().count())


def open_ticket(
    owner: User,
    subject: str,
    description: str,
    *,
    type: str | None = "",  # noqa: A002 - the contract's word
    priority: str | None = Priority.NORMAL,
    nonce: str = "",
    source: str = Message.Source.APP,
) -> Ticket:
    """A new ticket; the description is its first message. The same nonce never makes a second ticket.

    Raises `TicketsDisabled`, `UnknownType`, `TooManyOpenTickets`, `TooMany` (20 an hour), `NonceReused`.
    """
    configured = ticket_settings()
    type, priority = type or "", priority or Priority.NORMAL  # noqa: A001
    body = digest(subject, description, type, priority)
    with transaction.atomic():
        # The person's row lock: two tabs together may not open more than one may.
        owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if nonce and (earlier := owner.tickets.filter(client_nonce=nonce).first()):
            if earlier.nonce_digest != body:
                raise NonceReused
            if earlier.deleted_at is not None:
                raise TicketGone
            return earlier
        _refuse(owner, configured, type)
        ticket = Ticket.objects.create(
            owner=owner,
            subject=subject,
            type=type or configured["categories"][0],
            priority=priority,
            client_nonce=nonce or None,
            nonce_digest=body if nonce else "",
        )
        facts = {"status": ticket.status, "type": ticket.type, "priority": ticket.priority}
        stream.append(ticket, TicketEvent.Type.CREATED, owner, facts=facts)
        say_in(ticket, owner, description, source=source)
        return ticket


def _refuse(owner: User, configured: dict[str, Any], kind: str) -> None:
    if not configured["enabled"]:
        raise TicketsDisabled
    if kind and kind not in configured["categories"]:
        raise UnknownType(categories=configured["categories"])
    if not places_left(owner, configured["max_open_per_user"]):
        raise TooManyOpenTickets
    if not settings.RATELIMIT_ENABLE:
        return
    hour_ago = timezone.now() - timedelta(hours=1)
    recent = owner.tickets.filter(created_at__gt=hour_ago).order_by("-created_at")
    times = list(recent.values_list("created_at", flat=True)[:TICKETS_PER_HOUR])
    if len(times) == TICKETS_PER_HOUR:
        raise TooMany(int((times[-1] - hour_ago).total_seconds()) + 1)
