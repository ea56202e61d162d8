"""Claiming, assigning, closing, reopening, deleting: each transition is one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite.errors import NotAllowed
from hazesite.housekeeping import chore
from tickets import stream
from tickets.errors import (
    AlreadyClaimed,
    AssigneeNotStaff,
    NotClaimed,
    TicketAlreadyClosed,
    TicketClosed,
    TicketNotClosed,
    UnknownType,
    WrongState,
)
from tickets.models import KEEP_DELETED, Message, Ticket, TicketEvent, TicketTag
from tickets.rendering import moment_text, person_id
from tickets.services.blocking import refuse_blocked
from tickets.services.clocks import TURN, hold_resolution, reset_targets, run_resolution
from tickets.services.conversation import end_snooze, refuse_closed, say_in
from tickets.services.locking import locked, require_staff
from tickets.services.settings import ticket_settings
from tickets.states import Side, Status, Verb

REFUSALS: dict[tuple[str, str], type[WrongState]] = {
    (Status.CLAIMED, Verb.CLAIM): AlreadyClaimed,
    (Status.OPEN, Verb.UNCLAIM): NotClaimed,
    (Status.OPEN, Verb.REOPEN): TicketNotClosed,
    (Status.CLAIMED, Verb.REOPEN): TicketNotClosed,
    (Status.CLOSED, Verb.CLOSE): TicketAlreadyClosed,
}


def move(ticket: Ticket, verb: Verb) -> None:
    """Set the state the table leads to. Raises `WrongState` where it leads nowhere."""
    status = ticket.after(verb)
    if status is None:
        raise REFUSALS.get((ticket.status, verb), TicketClosed)
    ticket.status = status


def record(
    ticket: Ticket,
    kind: str,
    actor: User | None,
    *changed: str,
    also: Iterable[str] = (),
    facts: dict[str, Any] | None = None,
) -> Ticket:
    """Store the changed columns and tell everybody what they are now; `also` are stored untold."""
    told: dict[str, Any] = {}
    for column in changed:
        value = getattr(ticket, column)
        told[column] = person_id(value) if column in ("claimed_by", "assigned_to") else value
    if "closed_at" in told and ticket.closed_at:
        told["closed_at"] = moment_text(ticket.closed_at)
    stream.append(ticket, kind, actor, changed=[*changed, *also], facts=told | (facts or {}))
    return ticket


@transaction.atomic
def claim_ticket(ticket_id: str, actor: User) -> Ticket:
    """Raises `NotFound`, `NotAllowed`, `AlreadyClaimed` (a lost race), `TicketClosed`."""
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    move(ticket, Verb.CLAIM)
    ticket.claimed_by = actor
    return record(ticket, TicketEvent.Type.CLAIMED, actor, "status", "claimed_by")


@transaction.atomic
def unclaim_ticket(ticket_id: str, actor: User) -> Ticket:
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    move(ticket, Verb.UNCLAIM)
    ticket.claimed_by = None
    return record(ticket, TicketEvent.Type.UNCLAIMED, actor, "status", "claimed_by")


@transaction.atomic
def assign_ticket(ticket_id: str, actor: User, assignee_id: str | None) -> Ticket:
    """`assignee_id`: a user id, or None for nobody. Raises `AssigneeNotStaff`."""
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    move(ticket, Verb.ASSIGN)
    ticket.assigned_to = None if assignee_id is None else staff_member(assignee_id)
    return record(ticket, TicketEvent.Type.ASSIGNED, actor, "assigned_to")


def staff_member(user_id: str) -> User:
    """Raises `AssigneeNotStaff`."""
    person: User | None = User.objects.staff().filter(user_id=user_id).first()
    if person is None:
        raise AssigneeNotStaff
    return person


def close_ticket(
    ticket_id: str, actor: User, close_message: str = "", *, source: str = Message.Source.APP
) -> Ticket:
    """Staff may; the owner too where `owner_may_close` is set. The message is posted before it closes.

    Raises `NotFound`, `NotAllowed`, `TicketAlreadyClosed`, and `Blocked` for the words of a blocked owner.
    """
    owner_may_close = actor.is_staff or ticket_settings()["owner_may_close"]
    with transaction.atomic():
        ticket = locked(ticket_id, actor)
        if not owner_may_close:
            raise NotAllowed
        if ticket.after(Verb.CLOSE) is None:
            raise TicketAlreadyClosed
        if close_message:
            if not actor.is_staff:
                refuse_blocked(actor)
            say_in(ticket, actor, close_message, source=source)
        return shut(ticket, actor)


def shut(ticket: Ticket, actor: User | None, facts: dict[str, Any] | None = None) -> Ticket:
    """Close it, under its lock; no actor where its time has come."""
    move(ticket, Verb.CLOSE)
    end_snooze(ticket)
    ticket.closed_at = timezone.now()
    also = hold_resolution(ticket, ticket.closed_at)
    return record(ticket, TicketEvent.Type.CLOSED, actor, "status", "closed_at", also=also, facts=facts)


@transaction.atomic
def reopen_ticket(ticket_id: str, actor: User) -> Ticket:
    """Staff and the owner may. Claim and assignment are cleared.

    Raises `TicketMerged` while the ticket it goes on in is there; without it, this one goes on by itself.
    """
    ticket, now = locked(ticket_id, actor), timezone.now()
    if ticket.goes_on_in is not None:
        refuse_closed(ticket)
    facts = {"merged_into": None, "merged_into_num": None} if ticket.merged_into is not None else None
    ticket.merged_into = None
    if not actor.is_staff:
        refuse_blocked(actor)
    move(ticket, Verb.REOPEN)
    ticket.closed_at = ticket.claimed_by = ticket.assigned_to = ticket.reminded_at = None
    if actor.pk == ticket.owner_id:
        ticket.awaiting = Side.STAFF
    ticket.quiet_since = now
    resolution = run_resolution(ticket, now) if ticket.awaiting == Side.STAFF else []
    also = [*TURN, "merged_into", *resolution]
    changed = ("status", "closed_at", "claimed_by", "assigned_to", "awaiting")
    return record(ticket, TicketEvent.Type.REOPENED, actor, *changed, also=also, facts=facts)


@transaction.atomic
def delete_ticket(ticket_id: str, actor: User) -> None:
    """Admins may. It is gone for everybody at once, and from the database after 30 days."""
    ticket = locked(ticket_id, actor)
    if not actor.is_admin:
        raise NotAllowed
    ticket.deleted_at = timezone.now()
    stream.append(ticket, TicketEvent.Type.DELETED, actor, changed=["deleted_at"])


@chore
def purge_deleted_tickets() -> int:
    gone = Ticket.objects.filter(deleted_at__lt=timezone.now() - KEEP_DELETED)
    _rows, by_model = gone.delete()
    return by_model.get("tickets.Ticket", 0)


def update_ticket(ticket_id: str, actor: User, changes: dict[str, Any]) -> Ticket:
    """`priority`, `type` and `tags` (all of them, in place of those before). Raises `UnknownType`."""
    categories = ticket_settings()["categories"] if "type" in changes else []
    with transaction.atomic():
        ticket = locked(ticket_id, actor)
        require_staff(actor)
        if "type" in changes and changes["type"] not in categories:
            raise UnknownType(categories=categories)
        facts: dict[str, Any] = {name: changes[name] for name in ("priority", "type") if name in changes}
        columns = _set_columns(ticket, facts)
        if "tags" in changes:
            facts["tags"] = _set_tags(ticket, changes["tags"])
        if facts:
            stream.append(ticket, TicketEvent.Type.UPDATED, actor, changed=columns, facts=facts)
        return ticket


def _set_columns(ticket: Ticket, values: dict[str, Any]) -> list[str]:
    before = ticket.priority
    for column, value in values.items():
        setattr(ticket, column, value)
    return [*values, *(reset_targets(ticket, before) if ticket.priority != before else [])]


def _set_tags(ticket: Ticket, names: list[str]) -> list[str]:
    wanted = sorted(set(names))
    ticket.as_found = {**ticket.as_found, "tags": sorted(ticket.tag_names)}
    ticket.tag_rows.exclude(name__in=wanted).delete()
    rows = [TicketTag(ticket=ticket, name=name) for name in wanted]
    TicketTag.objects.bulk_create(rows, ignore_conflicts=True)
    return wanted
