"""Passing tickets on, putting them off, putting two together, doing a thing to many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from hazesite.errors import Refused, Unfit
from tickets import stream
from tickets.errors import AlreadyTheirs, CannotMerge, NotSnoozed, TicketBusy, TicketClosed
from tickets.models import Message, Ticket, TicketEvent
from tickets.rendering import moment_text, person_id
from tickets.services.clocks import hold_resolution
from tickets.services.conversation import end_snooze, say_in, wake
from tickets.services.lifecycle import move, record, staff_member
from tickets.services.locking import locked, locked_pair, require_staff
from tickets.states import Verb

logger = structlog.get_logger(__name__)
LONGEST_SNOOZE = timedelta(days=366)


@transaction.atomic
def transfer_ticket(
    ticket_id: str, actor: User, to: str, note: str = "", *, source: str = Message.Source.APP
) -> Ticket:
    """Hand it to somebody else of staff, with a note for them: they have claimed it from now on.

    Raises `NotFound`, `NotAllowed`, `AssigneeNotStaff`, `AlreadyTheirs`, `TicketClosed`.
    """
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    move(ticket, Verb.TRANSFER)
    person, before = staff_member(to), ticket.claimed_by
    if before == person:
        raise AlreadyTheirs
    if note:
        say_in(ticket, actor, note, source=source, is_note=True)
    ticket.claimed_by = ticket.assigned_to = person
    changed = ("status", "claimed_by", "assigned_to")
    return record(
        ticket, TicketEvent.Type.TRANSFERRED, actor, *changed, facts={"claimed_before": person_id(before)}
    )


@transaction.atomic
def snooze_ticket(ticket_id: str, actor: User, until: datetime) -> Ticket:
    """Out of sight until then, or until its owner says something. The owner does not see this.

    Raises `NotFound`, `NotAllowed`, `TicketClosed`, `Unfit` (a moment that is past or over a year away).
    """
    ticket, now = locked(ticket_id, actor), timezone.now()
    require_staff(actor)
    if ticket.is_closed:
        raise TicketClosed
    if not now < until <= now + LONGEST_SNOOZE:
        raise Unfit(fields={"until": [_("A moment within the coming year.")]})
    ticket.snoozed_until = until
    facts = {"snoozed_until": moment_text(until)}
    stream.append(
        ticket, TicketEvent.Type.SNOOZED, actor, changed=["snoozed_until"], facts=facts, internal=True
    )
    return ticket


@transaction.atomic
def wake_ticket(ticket_id: str, actor: User) -> Ticket:
    """Raises `NotFound`, `NotAllowed`, `NotSnoozed`."""
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    if ticket.snoozed_until is None:
        raise NotSnoozed
    wake(ticket, actor)
    return ticket


@transaction.atomic
def merge_tickets(ticket_id: str, into_id: str, actor: User) -> Ticket:
    """Close the first and go on in the second, which is returned. Nothing is moved or copied.

    The closed one stays readable and points to the other; transcripts of the other include it.
    Raises `NotFound`, `NotAllowed`, `CannotMerge`.
    """
    require_staff(actor)
    if ticket_id == into_id:
        raise CannotMerge
    ticket, target = locked_pair(ticket_id, into_id, actor)
    if ticket.owner_id != target.owner_id or ticket.is_closed or target.is_closed:
        raise CannotMerge
    move(ticket, Verb.CLOSE)
    end_snooze(ticket)
    ticket.closed_at, ticket.merged_into = timezone.now(), target
    also = ["merged_into", *hold_resolution(ticket, ticket.closed_at)]
    facts = {"merged_into": target.public_id, "merged_into_num": target.pk}
    record(ticket, TicketEvent.Type.MERGED, actor, "status", "closed_at", also=also, facts=facts)
    merged = {"ticket_id": ticket.public_id, "ticket_num": ticket.pk, "subject": ticket.subject}
    return record(target, TicketEvent.Type.MERGED, actor, facts={"merged": merged})


@dataclass(frozen=True)
class Outcome:
    ticket_id: str
    refused: Refused | None


def for_each_ticket(ticket_ids: Iterable[str], work: Callable[[str], Any]) -> list[Outcome]:
    """Run a service for each, every one by itself: what is refused for one does not hold up the others."""
    outcomes = []
    for ticket_id in dict.fromkeys(ticket_ids):
        refused = None
        try:
            work(ticket_id)
        except Refused as refusal:
            refused = refusal
        except OperationalError as error:  # somebody holds this one; what was done to the others is told
            logger.warning("ticket_busy", ticket=ticket_id, error=repr(error))
            refused = TicketBusy()
        outcomes.append(Outcome(ticket_id, refused))
    return outcomes
