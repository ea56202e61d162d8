"""How tickets went, read from the rows of their events, long after whoever wrote them went on.

A cursor of time says up to where events were read. A transaction may show an event a while after the time
that stands in it, so the last minutes before the cursor are read again; a ticket with any event there is told
anew from all of its events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from analytics.models import TicketFact
from analytics.rollups import progress
from tickets.business_time import Calendar
from tickets.models import Rating, Ticket, TicketEvent
from tickets.services.settings import ticket_settings

OVERLAP = timedelta(minutes=10)
A_STEP, TICKETS_A_STEP = 2000, 200
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
Type = TicketEvent.Type
COLUMNS = [
    "opened_at", "type", "priority", "first_answer_at", "first_answer_seconds", "answered_by", "closed_at",
    "resolution_seconds", "closed_by", "reopened", "rating",
]  # fmt: skip


@dataclass
class Course:
    """What the events of one ticket say."""

    owner: int
    first_answer_at: datetime | None = None
    answered_by: int | None = None
    closed_at: datetime | None = None
    closed_by: int | None = None
    reopened: int = 0

    def follow(self, event: TicketEvent) -> None:
        if event.type == Type.MESSAGE:
            self._said(event)
        elif event.type == Type.CLOSED:
            self.closed_at, self.closed_by = event.at, event.actor_id
        elif event.type == Type.REOPENED:
            self.closed_at, self.closed_by = None, None
            self.reopened += 1

    def _said(self, event: TicketEvent) -> None:
        answers = event.message is not None and event.message.by_staff and not event.is_internal
        if answers and self.first_answer_at is None and event.actor_id != self.owner:
            self.first_answer_at, self.answered_by = event.at, event.actor_id


def catch_up() -> int:
    """Read what there is; how many tickets were told anew."""
    until, told, done = timezone.now(), 0, False
    while not done:
        count, done = _step(until)
        told += count
    return told


@transaction.atomic
def _step(until: datetime) -> tuple[int, bool]:
    """How many tickets were told, and whether everything before `until` was read."""
    place = progress.locked(progress.TICKETS, BEGINNING)
    rows = TicketEvent.objects.filter(at__gte=place.until - OVERLAP, at__lte=until).order_by("at")
    found = list(rows.values_list("at", "ticket")[:A_STEP])
    if len(found) == A_STEP and found[-1][0] <= place.until:  # else it would not come forward
        found = list(rows.values_list("at", "ticket"))
    done = len(found) != A_STEP
    count = tell(sorted({ticket for _at, ticket in found}))
    progress.advance(place, until if done else found[-1][0])
    return count, done


def tell(tickets: list[int]) -> int:
    """Write down how these went."""
    calendar = Calendar.of(ticket_settings()["business_hours"])
    for begin in range(0, len(tickets), TICKETS_A_STEP):
        keys = tickets[begin : begin + TICKETS_A_STEP]
        rows = {ticket.pk: ticket for ticket in Ticket.objects.filter(pk__in=keys, deleted_at=None)}
        ratings = dict(Rating.objects.filter(ticket__in=keys).values_list("ticket_id", "score"))
        courses = _courses(rows)
        facts = [_fact(rows[key], courses[key], ratings.get(key), calendar) for key in rows]
        TicketFact.objects.filter(pk__in=set(keys) - rows.keys()).delete()
        TicketFact.objects.bulk_create(
            facts, update_conflicts=True, unique_fields=["ticket_id"], update_fields=COLUMNS
        )
    return len(tickets)


def _courses(tickets: dict[int, Ticket]) -> dict[int, Course]:
    wanted = (Type.MESSAGE, Type.CLOSED, Type.REOPENED)
    events: Iterable[TicketEvent] = (
        TicketEvent.objects.filter(ticket__in=tickets, type__in=wanted)
        .select_related("message")
        .only("ticket_id", "type", "actor_id", "at", "is_internal", "message__by_staff")
        .order_by("ticket_id", "seq")
        .iterator(2000)
    )
    found = {key: Course(ticket.owner_id) for key, ticket in tickets.items()}
    for key, steps in groupby(events, lambda event: event.ticket_id):
        for event in steps:
            found[key].follow(event)
    return found


def _fact(ticket: Ticket, course: Course, rating: int | None, calendar: Calendar) -> TicketFact:
    def spent(until: datetime | None) -> int | None:
        return None if until is None else calendar.between(ticket.created_at, until)

    return TicketFact(
        ticket_id=ticket.pk,
        opened_at=ticket.created_at,
        type=ticket.type,
        priority=ticket.priority,
        first_answer_at=course.first_answer_at,
        first_answer_seconds=spent(course.first_answer_at),
        answered_by_id=course.answered_by,
        closed_at=course.closed_at,
        resolution_seconds=spent(course.closed_at),
        closed_by_id=course.closed_by,
        reopened=course.reopened,
        rating=rating,
    )
