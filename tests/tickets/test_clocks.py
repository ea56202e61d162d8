"""Business hours, and by when something was promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from botconfig import services as config
from tickets import services
from tickets.business_time import DAYS, Calendar
from tickets.models import Ticket

WEEK = {
    "time_zone": "Europe/Berlin",
    **{day: ["09:00-12:00", "13:00-18:00"] for day in DAYS[:5]},
    "saturday": [],
    "sunday": [],
    "holidays": ["2026-12-25"],
}
DESK = Calendar.of(WEEK)


def at(day: str, clock: str) -> datetime:
    """A moment of Berlin's clocks."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=DESK.zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (at("2026-11-25", "10:00"), 1, at("2026-11-25", "11:00")),
        (at("2026-11-25", "11:30"), 1, at("2026-11-25", "13:30")),  # over lunch
        (at("2026-11-25", "17:00"), 2, at("2026-11-26", "10:00")),  # over night
        (at("2026-11-27", "17:30"), 1, at("2026-11-30", "09:30")),  # over a weekend
        (at("2026-11-28", "12:00"), 8, at("2026-11-30", "18:00")),  # from a weekend on, a whole day
        (at("2026-12-24", "17:00"), 2, at("2026-12-28", "10:00")),  # over a holiday and a weekend
        (at("2026-10-23", "17:00"), 2, at("2026-10-26", "10:00")),  # clocks were put back meanwhile
    ],
)
def test_time_passes_when_the_desk_is_staffed(start, hours, due):
    assert DESK.add(start, hours * 3600) == due
    assert DESK.between(start, due) == hours * 3600


def test_a_desk_without_hours_is_always_staffed():
    always = Calendar.of({key: [] for key in WEEK} | {"time_zone": "UTC"})
    now = timezone.now()
    assert always.add(now, 7200) == now + timedelta(hours=2)


MOMENTS = st.integers(0, 730 * 86_400).map(
    lambda second: at("2026-01-01", "00:00") + timedelta(seconds=second)
)


@given(start=MOMENTS, seconds=st.integers(1, 400_000))
def test_adding_and_measuring_are_each_others_reverse(start, seconds):
    due = DESK.add(start, seconds)
    assert DESK.between(start, due) == seconds
    assert DESK.between(due, start) == 0


# --- promises ----------------------------------------------------------------
@pytest.fixture
def promised(ada, alice) -> Ticket:
    """An answer within an hour (urgent: ten minutes), a resolution within five (urgent: two)."""
    targets = {
        "first_answer_minutes": {"normal": 60, "urgent": 10},
        "resolution_minutes": {"normal": 300, "urgent": 120},
    }
    config.change_section("tickets", targets, ada)
    return services.open_ticket(alice, "It does not start", "Since this morning nothing happens.")


def minutes_until(moment: datetime | None) -> int:
    assert moment is not None
    return round((moment - timezone.now()).total_seconds() / 60)


def test_both_clocks_start_with_the_ticket(promised):
    assert minutes_until(promised.first_answer_due_at) == 60
    assert minutes_until(promised.resolution_due_at) == 300


def test_without_promises_nothing_is_due(ticket):
    assert ticket.first_answer_due_at is None
    assert ticket.resolution_due_at is None


def test_the_first_answer_is_the_first_public_one_of_staff(promised, alice, moira):
    services.post_message(promised.public_id, alice, "Anybody there?")
    services.add_note(promised.public_id, moira, "I will look.")
    promised.refresh_from_db()
    assert promised.first_answer_at is None
    services.post_message(promised.public_id, moira, "Hello, I am looking into it.")
    promised.refresh_from_db()
    first = promised.first_answer_at
    services.post_message(promised.public_id, moira, "Found it.")
    promised.refresh_from_db()
    assert promised.first_answer_at == first is not None


def test_the_clock_of_the_resolution_stands_while_the_owner_is_asked(promised, alice, moira):
    services.post_message(promised.public_id, moira, "Which version?")
    promised.refresh_from_db()
    assert promised.resolution_due_at is None
    assert round(promised.resolution_left / 60) == 300
    Ticket.objects.update(resolution_left=600)
    services.post_message(promised.public_id, alice, "Version 3")
    promised.refresh_from_db()
    assert minutes_until(promised.resolution_due_at) == 10


def test_and_while_the_ticket_is_closed(promised, alice, moira):
    services.close_ticket(promised.public_id, moira)
    promised.refresh_from_db()
    assert (promised.resolution_due_at, round(promised.resolution_left / 60)) == (None, 300)
    services.reopen_ticket(promised.public_id, alice)
    promised.refresh_from_db()
    assert minutes_until(promised.resolution_due_at) == 300


def test_another_priority_has_other_targets_and_the_time_spent_counts(promised, moira):
    hour = timedelta(hours=1)
    Ticket.objects.update(
        created_at=promised.created_at - hour, resolution_due_at=promised.resolution_due_at - hour
    )
    services.update_ticket(promised.public_id, moira, {"priority": "urgent"})
    promised.refresh_from_db()
    assert minutes_until(promised.first_answer_due_at) == -50
    assert minutes_until(promised.resolution_due_at) == 60


def test_staff_see_the_clocks_and_the_owner_does_not(promised, alice, moira, client_of):
    path = f"/api/tickets/{promised.public_id}"
    assert client_of(moira).get(path).json()["first_answer_due_at"] is not None
    assert "first_answer_due_at" not in client_of(alice).get(path).json()


def test_what_was_not_done_in_time_is_marked_once(promised, alice, moira, client_of):
    past = timezone.now() - timedelta(minutes=1)
    Ticket.objects.update(first_answer_due_at=past, resolution_due_at=past)
    assert services.watch_tickets()["overdue"] == 2
    assert services.watch_tickets()["overdue"] == 0
    promised.refresh_from_db()
    assert (promised.answer_overdue, promised.resolution_overdue) == (True, True)
    staff, owner = client_of(moira), client_of(alice)
    assert staff.get("/api/tickets?overdue=true").json()["total"] == 1
    assert staff.get("/api/tickets?overdue=false").json()["total"] == 0
    assert staff.get("/api/tickets").json()["total"] == 1
    path = f"/api/tickets/{promised.public_id}/events?after=2"
    assert [event["type"] for event in staff.get(path).json()["events"]] == ["ticket_overdue"] * 2
    assert owner.get(path).json()["events"] == []


@pytest.mark.parametrize(
    ("hours", "status"),
    [
        ({"monday": ["18:00-09:00"]}, 409),
        ({"monday": ["09:00-12:00", "11:00-13:00"]}, 409),
        ({"monday": ["9-5"]}, 400),
        ({"time_zone": "Europe/Nowhere"}, 409),
        ({"holidays": ["tomorrow"]}, 400),
        ({"someday": []}, 400),
    ],
)
def test_hours_that_are_none_are_refused(ada, client_of, hours, status):
    answer = client_of(ada).put("/api/config/tickets", {"business_hours": hours})
    assert answer.status_code == status, answer.json()
