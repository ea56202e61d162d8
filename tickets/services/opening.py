"""Opening a ticket, and who may open how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite import ratelimits
from hazesite.errors import NotAllowed, TooMany
from tickets import stream
from tickets.errors import NonceReused, TicketGone, TicketsDisabled, TooManyOpenTickets, UnknownType
from tickets.models import Message, Ticket, TicketEvent
from tickets.services.blocking import refuse_blocked
from tickets.services.clocks import due_times
from tickets.services.conversation import say_in
from tickets.services.forms import answered
from tickets.services.locking import digest
from tickets.services.settings import ticket_settings
from tickets.states import Priority

TICKETS_PER_HOUR = 20


def places_left(user: User, limit: int) -> int:
    return max(0, limit - user.tickets.filter(deleted_at=None).open().count())


def open_ticket(
    owner: User,
    subject: str,
    description: str,
    *,
    type: str | None = "",  # noqa: A002 - the contract's word
    priority: str | None = Priority.NORMAL,
    answers: Mapping[str, Any] | None = None,
    nonce: str = "",
    source: str = Message.Source.APP,
) -> Ticket:
    """A new ticket; the description is its first message. The same nonce never makes a second ticket.

    Raises `TicketsDisabled`, `Blocked`, `UnknownType`, `Invalid` (an answer to the category's form),
    `TooManyOpenTickets`, `TooMany` (20 an hour, the cooldown), `NonceReused`, `NotAllowed` (blocked).
    """
    configured = ticket_settings()
    type, priority = type or "", priority or Priority.NORMAL  # noqa: A001
    body = digest(subject, description, type, priority, *([answers] if answers else []))
    with transaction.atomic():
        # The person's row lock: two tabs together may not open more than one may.
        owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if nonce and (earlier := _earlier(owner, nonce, body)):
            return earlier
        _refuse(owner, configured, type)
        type = type or configured["categories"][0]  # noqa: A001
        ticket = Ticket.objects.create(
            owner=owner,
            subject=subject,
            type=type,
            priority=priority,
            answers=answered(configured["forms"].get(type, []), answers or {}),
            **due_times(configured, priority, timezone.now()),
            client_nonce=nonce or None,
            nonce_digest=body if nonce else "",
        )
        facts = {"status": ticket.status, "type": ticket.type, "priority": ticket.priority}
        stream.append(ticket, TicketEvent.Type.CREATED, owner, facts=facts)
        say_in(ticket, owner, description, source=source)
        return ticket


def _earlier(owner: User, nonce: str, body: str) -> Ticket | None:
    ticket: Ticket | None = owner.tickets.filter(client_nonce=nonce).first()
    if ticket is not None and ticket.nonce_digest != body:
        raise NonceReused
    if ticket is not None and ticket.deleted_at is not None:
        raise TicketGone
    return ticket


def _refuse(owner: User, configured: dict[str, Any], kind: str) -> None:
    if not owner.is_active:  # switched off while this waited for the lock
        raise NotAllowed
    if not configured["enabled"]:
        raise TicketsDisabled
    if not owner.is_staff:
        refuse_blocked(owner)
    if kind and kind not in configured["categories"]:
        raise UnknownType(categories=configured["categories"])
    if not places_left(owner, configured["max_open_per_user"]):
        raise TooManyOpenTickets
    _refuse_haste(owner, configured["cooldown_seconds"])


def _refuse_haste(owner: User, cooldown: int) -> None:
    now = timezone.now()
    limits = [(TICKETS_PER_HOUR, timedelta(hours=1))] if settings.RATELIMIT_ENABLE else []
    if cooldown and not owner.is_staff:
        limits.append((1, timedelta(seconds=cooldown)))
    for most, stretch in limits:
        recent = owner.tickets.filter(created_at__gt=now - stretch).order_by("-created_at")
        times = list(recent.values_list("created_at", flat=True)[:most])
        wait = int((times[-1] + stretch - now if times else stretch).total_seconds()) + 1
        ratelimits.note(most, most - len(times) - 1, wait)
        if len(times) == most:
            raise TooMany(wait)
