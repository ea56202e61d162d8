"""Claiming, assigning, closing, reopening, deleting: each transition is one call."""

from __future__ import annotations

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
from tickets.rendering import person_id
from tickets.services.conversation import say_in
from tickets.services.locking import locked, require_staff
from tickets.services.opening import ticket_settings
from tickets.states import Status, Verb

REFUSALS: dict[tuple[str, str], type[WrongState]] = {
    (Status.CLAIMED, Verb.CLAIM): AlreadyClaimed,
    (Status.OPEN, Verb.UNCLAIM): NotClaimed,
    (Status.OPEN, Verb.REOPEN): TicketNotClosed,
    (Status.CLAIMED, Verb.REOPEN): TicketNotClosed,
    (Status.CLOSED, Verb.CLOSE): TicketAlreadyClosed,
}


def _move(ticket: Ticket, verb: Verb) -> None:
    """Set the state the table leads to. Raises `WrongState` where it leads nowhere."""
    status = ticket.after(verb)
    if status is None:
        raise REFUSALS.get((ticket.status, verb), TicketClosed)
    ticket.status = status


def _record(ticket: Ticket, kind: str, actor: User, *changed: str) -> Ticket:
    """Store the changed columns and tell everybody what they are now."""
    facts: dict[str, Any] = {}
    for column in changed:
        value = getattr(ticket, column)
        facts[column] = person_id(value) if column in ("claimed_by", "assigned_to") else value
    if "closed_at" in facts and ticket.closed_at:
        facts["closed_at"] = ticket.closed_at.isoformat().replace("+00:00", "Z")
    stream.append(ticket, kind, actor, changed=changed, facts=facts)
    return ticket


@transaction.atomic
def claim_ticket(ticket_id: str, actor: User) -> Ticket:
    """Raises `NotFound`, `NotAllowed`, `AlreadyClaimed` (a lost race), `TicketClosed`."""
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    _move(ticket, Verb.CLAIM)
    ticket.claimed_by = actor
    return _record(ticket, TicketEvent.Type.CLAIMED, actor, "status", "claimed_by")


@transaction.atomic
def unclaim_ticket(ticket_id: str, actor: User) -> Ticket:
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    _move(ticket, Verb.UNCLAIM)
    ticket.claimed_by = None
    return _record(ticket, TicketEvent.Type.UNCLAIMED, actor, "status", "claimed_by")


@transaction.atomic
def assign_ticket(ticket_id: str, actor: User, assignee_id: str | None) -> Ticket:
    """`assignee_id`: a user id, or None for nobody. Raises `AssigneeNotStaff`."""
    ticket = locked(ticket_id, actor)
    require_staff(actor)
    _move(ticket, Verb.ASSIGN)
    assignee = None
    if assignee_id is not None:
        assignee = User.objects.staff().filter(user_id=assignee_id).first()
        if assignee is None:
            raise AssigneeNotStaff
    ticket.assigned_to = assignee
    return _record(ticket, TicketEvent.Type.ASSIGNED, actor, "assigned_to")


def close_ticket(
    ticket_id: str, actor: User, close_message: str = "", *, source: str = Message.Source.APP
) -> Ticket:
    """Staff may; the owner too where `owner_may_close` is set. The message is posted before it closes."""
    owner_may_close = actor.is_staff or ticket_settings()["owner_may_close"]
    with transaction.atomic():
        ticket = locked(ticket_id, actor)
        if not owner_may_close:
            raise NotAllowed
        if ticket.after(Verb.CLOSE) is None:
            raise TicketAlreadyClosed
        if close_message:
            say_in(ticket, actor, close_message, source=source)
        _move(ticket, Verb.CLOSE)
        ticket.closed_at = timezone.now()
        return _record(ticket, TicketEvent.Type.CLOSED, actor, "status", "closed_at")


@transaction.atomic
def reopen_ticket(ticket_id: str, actor: User) -> Ticket:
    """Staff and the owner may. Claim and assignment are cleared."""
    ticket = locked(ticket_id, actor)
    _move(ticket, Verb.REOPEN)
    ticket.closed_at = ticket.claimed_by = ticket.assigned_to = None
    changed = ("status", "closed_at", "claimed_by", "assigned_to")
    return _record(ticket, TicketEvent.Type.REOPENED, actor, *changed)


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
        columns = [column for column in ("priority", "type") if column in changes]
        facts: dict[str, Any] = {column: changes[column] for column in columns}
        for column in columns:
            setattr(ticket, column, changes[column])
        if "tags" in changes:
            facts["tags"] = _set_tags(ticket, changes["tags"])
        if facts:
            stream.append(ticket, TicketEvent.Type.UPDATED, actor, changed=columns, facts=facts)
        return ticket


def _set_tags(ticket: Ticket, names: list[str]) -> list[str]:
    wanted = sorted(set(names))
    ticket.tag_rows.exclude(name__in=wanted).delete()
    rows = [TicketTag(ticket=ticket, name=name) for name in wanted]
    TicketTag.objects.bulk_create(rows, ignore_conflicts=True)
    return wanted
