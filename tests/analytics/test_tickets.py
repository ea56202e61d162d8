"""How tickets went is read from their events afterwards: in business hours, and also what came late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from analytics.answers import desk
from analytics.answers.window import Window, last_days
from analytics.models import TicketFact
from analytics.rollups import tickets as rollup
from botconfig.services import set_by_bot
from hazesite.errors import NotAllowed
from tickets import services
from tickets.models import Rating, Ticket, TicketEvent

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2025, 10, 24, 15, 0, tzinfo=UTC)  # 17:00 in Berlin; clocks change on Sunday


@pytest.fixture
def clock(monkeypatch):
    """`clock(FRIDAY)` sets it."""

    def put(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return put


@pytest.fixture
def office_hours():
    week = {day: ["09:00-18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    week |= {"saturday": [], "sunday": []}
    set_by_bot("tickets", {"business_hours": {"time_zone": "Europe/Berlin", "holidays": [], **week}})


def test_times_are_of_business_hours(office_hours, alice, moira, ada):
    ticket = services.open_ticket(alice, "It does not start", "Nothing happens.")
    services.add_note(ticket.public_id, moira, "Looks familiar.")
    services.post_message(ticket.public_id, moira, "Hello!")
    services.close_ticket(ticket.public_id, ada)
    services.rate_ticket(ticket.public_id, alice, 4)
    Ticket.objects.update(created_at=FRIDAY)
    steps = TicketEvent.objects.filter(ticket=ticket)
    steps.update(at=FRIDAY)
    answer = datetime(2025, 10, 27, 9, 30, tzinfo=UTC)  # Monday, 10:30 there
    steps.filter(type="new_message", actor=moira).update(at=answer)
    steps.filter(type="ticket_closed").update(at=answer + timedelta(minutes=30))
    assert rollup.catch_up() == 1

    fact = TicketFact.objects.get()
    assert fact.first_answer_seconds == 3600 + 90 * 60
    assert fact.resolution_seconds == 3600 + 120 * 60
    assert (fact.answered_by, fact.closed_by, fact.rating, fact.reopened) == (moira, ada, 4, 0)

    window = Window(FRIDAY.date(), FRIDAY.date() + timedelta(days=5))
    rows = {row["username"]: row for row in desk.staff(ada, window)}
    assert rows["moira"]["first_answer_median"] == 9000 and rows["moira"]["closed"] == 0
    assert rows["ada"]["resolution_p90"] == 10800 and rows["ada"]["rating_mean"] == 4.0
    assert desk.desk(window)["opened"] == 1
    with pytest.raises(NotAllowed):
        desk.staff(moira, window)


def test_nobody_answers_themselves(alice, moira):
    own = services.open_ticket(moira, "My own", "Please help.")
    services.post_message(own.public_id, moira, "Still there?")
    rollup.catch_up()
    assert TicketFact.objects.get().first_answer_at is None


def test_a_note_is_no_answer(alice, moira):
    ticket = services.open_ticket(alice, "One", "Please help.")
    services.add_note(ticket.public_id, moira, "Looks familiar.")
    rollup.catch_up()
    assert TicketFact.objects.get().first_answer_at is None


def test_what_changes_later_is_told_anew_and_the_deleted_are_gone(alice, moira, ada):
    first = services.open_ticket(alice, "One", "Please help.")
    second = services.open_ticket(alice, "Two", "Please help.")
    services.close_ticket(first.public_id, moira)
    rollup.catch_up()
    services.reopen_ticket(first.public_id, alice)
    services.delete_ticket(second.public_id, ada)
    rollup.catch_up()
    fact = TicketFact.objects.get()
    assert fact.ticket_id == first.pk
    assert (fact.closed_at, fact.closed_by, fact.reopened) == (None, None, 1)


def test_an_event_that_shows_late_is_not_missed(alice, moira, clock):
    ticket = services.open_ticket(alice, "One", "Please help.")
    rollup.catch_up()
    event = TicketEvent.objects.filter(ticket=ticket).last()
    clock(timezone.now() + timedelta(minutes=5))
    rollup.catch_up()
    TicketEvent.objects.create(
        ticket=ticket, seq=99, previous_public_seq=event.seq, type="ticket_closed", actor=moira, at=event.at
    )
    rollup.catch_up()
    assert TicketFact.objects.get().closed_by == moira


def test_many_are_read_step_by_step_to_the_same_as_by_hand(alice, moira, ada, monkeypatch):
    monkeypatch.setattr(rollup, "A_STEP", 7)
    staff = [moira, ada, User.objects.create_user("milo", granted_role=Role.MODERATOR)]
    start = timezone.now() - timedelta(days=3)
    for number in range(40):
        opened = start + timedelta(minutes=37 * number)
        ticket = Ticket.objects.create(owner=alice, subject=f"No {number}", type="support", created_at=opened)
        closed = opened + timedelta(seconds=600 + 13 * number)
        TicketEvent.objects.create(
            ticket=ticket,
            seq=1,
            previous_public_seq=0,
            type="ticket_closed",
            actor=staff[number % 3],
            at=closed,
        )
        if number % 2:
            Rating.objects.create(ticket=ticket, score=1 + number % 5)
    assert rollup.catch_up() >= 40
    for place, row in enumerate(sorted(desk.staff(ada, last_days(5)), key=lambda row: row["username"])):
        person = sorted(staff, key=lambda user: user.username)[place]
        mine = [number for number in range(40) if staff[number % 3] == person]
        seconds, scores = [600 + 13 * n for n in mine], [1 + n % 5 for n in mine if n % 2]
        assert row["closed"] == len(mine)
        assert row["resolution_median"] == sorted(seconds)[(len(seconds) - 1) // 2]
        assert row["rating_mean"] == round(sum(scores) / len(scores), 2)
