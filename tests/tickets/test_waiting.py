"""Silent tickets: whoever owes an answer is told, and later the ticket is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from botconfig import services as config
from tickets import services
from tickets.models import Ticket


@pytest.fixture
def answered(ticket, moira) -> Ticket:
    """It waits for its owner."""
    services.post_message(ticket.public_id, moira, "Which version do you have?")
    return ticket


def silent_for(hours: float) -> None:
    Ticket.objects.update(quiet_since=timezone.now() - timedelta(hours=hours))


def reminded(hours_ago: float) -> None:
    Ticket.objects.update(reminded_at=timezone.now() - timedelta(hours=hours_ago))


def last_event(client, ticket) -> dict:
    return client.get(f"/api/tickets/{ticket.public_id}/events").json()["events"][-1]


def test_it_waits_for_the_side_that_did_not_speak_last(ticket, alice, moira, client_of):
    owner = client_of(alice)
    path = f"/api/tickets/{ticket.public_id}"
    assert owner.get(path).json()["awaiting"] == "staff"
    services.post_message(ticket.public_id, moira, "Hello")
    assert owner.get(path).json()["awaiting"] == "owner"
    services.add_note(ticket.public_id, moira, "Hm.")
    services.post_message(ticket.public_id, alice, "Hello!")
    assert owner.get(path).json()["awaiting"] == "staff"
    assert owner.get("/api/tickets?awaiting=staff").json()["total"] == 1
    assert owner.get("/api/tickets?awaiting=owner").json()["total"] == 0


def test_nothing_happens_before_its_time(answered):
    silent_for(47)
    assert services.watch_tickets() == {"woken": 0, "overdue": 0, "closed": 0, "reminded": 0}


def test_the_owner_is_warned_a_day_before_the_ticket_closes(answered, alice, client_of):
    silent_for(49)
    assert services.watch_tickets()["reminded"] == 1
    event = last_event(client_of(alice), answered)
    assert (event["type"], event["data"]["awaiting"], event["actor"]) == ("ticket_reminded", "owner", None)
    assert event["data"]["closes_at"] is not None
    assert services.watch_tickets()["reminded"] == 0


def test_and_then_it_closes_by_itself(answered, alice, client_of):
    silent_for(73)
    reminded(25)
    assert services.watch_tickets()["closed"] == 1
    event = last_event(client_of(alice), answered)
    assert (event["type"], event["data"]["reason"]) == ("ticket_closed", "inactive")
    answered.refresh_from_db()
    assert answered.is_closed


def test_nobody_is_shown_out_without_the_whole_notice(answered):
    """The worker was down for a week: the warning still comes first, and its day is kept."""
    silent_for(24 * 7)
    assert services.watch_tickets()["closed"] == 0
    assert services.watch_tickets()["closed"] == 0
    reminded(23)
    assert services.watch_tickets()["closed"] == 0
    reminded(24.1)
    assert services.watch_tickets()["closed"] == 1


def test_an_answer_starts_the_wait_anew(answered, alice, moira):
    silent_for(73)
    reminded(25)
    services.post_message(answered.public_id, alice, "Version 3")
    assert services.watch_tickets()["closed"] == 0
    answered.refresh_from_db()
    assert answered.reminded_at is None


def test_staff_are_reminded_among_themselves_and_the_member_stays(ticket, alice, moira, client_of):
    silent_for(73)
    assert services.watch_tickets()["reminded"] == 1
    event = last_event(client_of(moira), ticket)
    assert (event["type"], event["data"]) == ("ticket_reminded", {"awaiting": "staff", "closes_at": None})
    assert last_event(client_of(alice), ticket)["type"] == "new_message"
    reminded(100)
    assert services.watch_tickets()["closed"] == 0


def test_unless_somebody_wants_unanswered_tickets_closed_too(ticket, ada):
    config.change_section("tickets", {"auto_close_unanswered": True}, ada)
    silent_for(73)
    reminded(25)
    assert services.watch_tickets()["closed"] == 1


def test_a_short_wait_is_announced_half_way(answered, ada):
    config.change_section("tickets", {"auto_close_hours": 2}, ada)
    silent_for(0.9)
    assert services.watch_tickets()["reminded"] == 0
    silent_for(1.1)
    assert services.watch_tickets()["reminded"] == 1


def test_zero_hours_close_nothing(answered, ada):
    config.change_section("tickets", {"auto_close_hours": 0}, ada)
    silent_for(5000)
    reminded(5000)
    assert services.watch_tickets() == {"woken": 0, "overdue": 0}


def test_a_snoozed_ticket_sleeps_until_its_time(answered, moira):
    services.snooze_ticket(answered.public_id, moira, timezone.now() + timedelta(hours=1))
    silent_for(500)
    assert services.watch_tickets()["reminded"] == 0
    Ticket.objects.update(snoozed_until=timezone.now() - timedelta(seconds=1))
    done = services.watch_tickets()
    assert (done["woken"], done["reminded"]) == (1, 1)
    answered.refresh_from_db()
    assert answered.snoozed_until is None


def test_looking_costs_the_same_however_many_tickets_there_are(ticket, alice, django_assert_num_queries):
    for number in range(3):
        services.open_ticket(alice, f"Another one {number}", "It does not start either.")
    with django_assert_num_queries(6):  # the section, and one look for each thing that may be due
        services.watch_tickets()


def test_the_worker_does_it_every_half_minute():
    from hazesite.jobs.periodic import TABLE

    assert TABLE["tickets.jobs.look_after_tickets"].every == timedelta(seconds=30)
