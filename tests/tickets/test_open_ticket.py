from __future__ import annotations

import pytest
from django.utils import timezone

from botconfig import services as config
from tickets import services
from tickets.errors import TooManyOpenTickets
from tickets.models import Ticket, TicketEvent

BODY = {"subject": "It does not start", "description": "Since this morning nothing happens."}


def test_a_member_opens_a_ticket(alice, client_of):
    answer = client_of(alice).post("/api/tickets", BODY)

    body = answer.json()
    assert answer.status_code == 201
    assert (body["status"], body["type"], body["priority"]) == ("open", "support", "normal")
    assert [message["content"] for message in body["messages"]] == [BODY["description"]]
    assert len(body["ticket_id"]) >= 8
    assert body["unread_count"] == 0
    assert list(TicketEvent.objects.values_list("seq", "type")) == [(1, "ticket_created"), (2, "new_message")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "ab"}, "subject"),
        ({"subject": "x" * 101}, "subject"),
        ({"subject": "    "}, "subject"),
        ({"subject": "nul\0nul"}, "subject"),
        ({"description": "too short"}, "description"),
        ({"description": "x" * 2001}, "description"),
        ({"description": None}, "description"),
        ({"description": {"a": 1}}, "description"),
        ({"priority": "very"}, "priority"),
        ({"client_nonce": "x" * 129}, "client_nonce"),
        ({"type": 7}, "type"),
    ],
)
def test_bad_input_names_the_field_and_opens_nothing(alice, client_of, change, field):
    answer = client_of(alice).post("/api/tickets", BODY | change)

    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert not Ticket.objects.exists()


def test_a_type_must_be_configured(alice, client_of):
    answer = client_of(alice).post("/api/tickets", BODY | {"type": "gossip"})
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_type")


def test_the_same_key_and_body_gets_the_first_answer_again(alice, client_of):
    client = client_of(alice)
    first = client.post("/api/tickets", BODY, headers={"Idempotency-Key": "k1"})
    again = client.post("/api/tickets", BODY | {"client_nonce": "k1"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Ticket.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(alice, mallory, client_of):
    client = client_of(alice)
    client.post("/api/tickets", BODY | {"client_nonce": "k1"})
    other = client.post("/api/tickets", BODY | {"client_nonce": "k1", "subject": "Something else"})

    assert (other.status_code, other.json()["code"]) == (409, "nonce_reused")
    assert client_of(mallory).post("/api/tickets", BODY | {"client_nonce": "k1"}).status_code == 201


def test_no_more_open_tickets_than_configured(alice, ada, client_of):
    config.change_section("tickets", {"max_open_per_user": 2}, ada)
    client = client_of(alice)
    codes = [client.post("/api/tickets", BODY).status_code for _ in range(3)]
    assert codes == [201, 201, 409]

    services.close_ticket(Ticket.objects.first().public_id, ada)
    assert client.post("/api/tickets", BODY).status_code == 201


def test_no_more_than_twenty_an_hour(alice, ada, client_of, counted_limits):
    now = timezone.now()
    Ticket.objects.bulk_create(
        Ticket(owner=alice, subject="x", type="bug", status="closed", closed_at=now) for _ in range(20)
    )
    answer = client_of(alice).post("/api/tickets", BODY)
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3601


def test_switched_off_means_nobody_opens_one(alice, ada, client_of):
    config.change_section("tickets", {"enabled": False}, ada)
    answer = client_of(alice).post("/api/tickets", BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "tickets_disabled")


def test_null_is_the_same_as_left_out(alice, client_of):
    client = client_of(alice)
    opened = client.post("/api/tickets", BODY | {"type": None, "priority": None, "client_nonce": None})
    assert (opened.status_code, opened.json()["type"], opened.json()["priority"]) == (
        201,
        "support",
        "normal",
    )
    url = f"/api/tickets/{opened.json()['ticket_id']}/send"
    assert client.post(url, {"message": "x", "client_nonce": None}).status_code == 200


def test_the_key_of_a_deleted_ticket_is_answered_as_gone(alice, ada, client_of):
    client = client_of(alice)
    first = client.post("/api/tickets", BODY | {"client_nonce": "k"}).json()
    services.delete_ticket(first["ticket_id"], ada)
    assert client.post("/api/tickets", BODY | {"client_nonce": "k"}).status_code == 410


def test_options_say_what_is_possible(ticket, alice, client_of):
    body = client_of(alice).get("/api/tickets/options").json()
    assert [category["name"] for category in body["categories"]] == ["support", "bug", "application"]
    assert (body["may_open"], body["enabled"]) == (4, True)
    assert body["priorities"] == ["low", "normal", "high", "urgent"]


def test_a_limit_of_one_is_told_by_the_service(alice, ada):
    config.change_section("tickets", {"max_open_per_user": 1}, ada)
    services.open_ticket(alice, "First", "The first of two tickets.")
    with pytest.raises(TooManyOpenTickets):
        services.open_ticket(alice, "Second", "The second of two tickets.")
