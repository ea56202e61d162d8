from __future__ import annotations

from datetime import timedelta

import pytest

from botconfig import services as config
from tickets import services
from tickets.errors import WrongState
from tickets.models import Ticket, TicketEvent
from tickets.states import Status

# The architecture's table: the state before, the verb, the state after (None: refused).
TABLE = [
    ("open", "claim", "claimed"),
    ("open", "assign", "open"),
    ("open", "unclaim", None),
    ("open", "close", "closed"),
    ("open", "reopen", None),
    ("claimed", "claim", None),
    ("claimed", "assign", "claimed"),
    ("claimed", "unclaim", "open"),
    ("claimed", "close", "closed"),
    ("claimed", "reopen", None),
    ("closed", "claim", None),
    ("closed", "assign", None),
    ("closed", "unclaim", None),
    ("closed", "close", None),
    ("closed", "reopen", "open"),
]


def bring_to(ticket: Ticket, status: str, staff) -> None:
    if status == "claimed":
        services.claim_ticket(ticket.public_id, staff)
    if status == "closed":
        services.close_ticket(ticket.public_id, staff)


@pytest.mark.parametrize(("before", "verb", "after"), TABLE)
def test_every_cell_of_the_table(ticket, moira, client_of, before, verb, after):
    bring_to(ticket, before, moira)
    events = TicketEvent.objects.count()
    body = {"assigned_to": moira.user_id} if verb == "assign" else None
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/{verb}", body)

    ticket.refresh_from_db()
    assert answer.status_code == (200 if after else 409)
    assert ticket.status == (after or before)
    assert TicketEvent.objects.count() - events == (1 if after else 0)


def test_each_transition_is_in_the_log_with_who_and_when(ticket, moira, client_of):
    services.claim_ticket(ticket.public_id, moira)
    services.assign_ticket(ticket.public_id, moira, moira.user_id)
    services.close_ticket(ticket.public_id, moira)

    events = client_of(moira).get(f"/api/tickets/{ticket.public_id}/events?after=2").json()["events"]
    assert [event["type"] for event in events] == ["ticket_claimed", "ticket_assigned", "ticket_closed"]
    assert {event["actor"] for event in events} == {moira.user_id}
    assert events[0]["data"] == {"status": "claimed", "claimed_by": moira.user_id}
    assert events[2]["data"]["closed_at"].endswith("Z")


def test_the_words_of_the_contract(ticket, moira, client_of):
    client = client_of(moira)
    url = f"/api/tickets/{ticket.public_id}"
    assert client.post(f"{url}/close").json() == {"success": True, "message": "Ticket closed"}
    assert client.post(f"{url}/reopen").json() == {"success": True, "message": "Ticket reopened"}


def test_reopening_clears_claim_assignment_and_closing_time(ticket, moira, alice, client_of):
    services.claim_ticket(ticket.public_id, moira)
    services.assign_ticket(ticket.public_id, moira, moira.user_id)
    services.close_ticket(ticket.public_id, moira)

    assert client_of(alice).post(f"/api/tickets/{ticket.public_id}/reopen").status_code == 200
    body = client_of(alice).get(f"/api/tickets/{ticket.public_id}").json()
    assert (body["claimed_by"], body["assigned_to"], body["closed_at"]) == (None, None, None)


def test_reopening_says_whose_turn_it_is(ticket, moira, alice):
    """What a client knows of a ticket and the facts of a step are what the ticket is now."""
    services.close_ticket(ticket.public_id, moira, "Solved!")
    services.reopen_ticket(ticket.public_id, moira)
    assert ticket.events.last().facts["awaiting"] == "owner"
    services.close_ticket(ticket.public_id, moira)
    services.reopen_ticket(ticket.public_id, alice)
    assert ticket.events.last().facts["awaiting"] == "staff"


def test_a_close_message_is_the_last_word(ticket, moira, client_of):
    client_of(moira).post(f"/api/tickets/{ticket.public_id}/close", {"close_message": "Solved!"})
    assert list(ticket.events.values_list("type", flat=True))[-2:] == ["new_message", "ticket_closed"]
    ticket.refresh_from_db()
    assert ticket.last_message.content == "Solved!"


def test_a_refused_close_leaves_its_message_unsaid(ticket, moira):
    services.close_ticket(ticket.public_id, moira)
    with pytest.raises(WrongState):
        services.close_ticket(ticket.public_id, moira, "Once more")
    assert ticket.messages.count() == 1


def test_the_owner_closes_where_that_is_set(ticket, alice, ada, client_of):
    url = f"/api/tickets/{ticket.public_id}/close"
    assert client_of(alice).post(url).status_code == 403
    config.change_section("tickets", {"owner_may_close": True}, ada)
    assert client_of(alice).post(url).status_code == 200


@pytest.mark.parametrize("assignee", ["alice", "nobody"])
def test_only_staff_can_be_assigned(ticket, alice, moira, client_of, assignee):
    user_id = alice.user_id if assignee == "alice" else "u0"
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/assign", {"assigned_to": user_id})
    assert (answer.status_code, answer.json()["code"]) == (409, "assignee_not_staff")


def test_an_assignee_may_be_given_as_an_integer_and_taken_away_by_null(ticket, moira, ada, client_of):
    moira.user_id = "123456789012345678"
    moira.save()
    client, url = client_of(ada), f"/api/tickets/{ticket.public_id}/assign"
    assert client.post(url, {"assigned_to": 123456789012345678}).json()["assigned_to"] == moira.user_id
    assert client.post(url, {"assigned_to": None}).json()["assigned_to"] is None


def test_priority_type_and_tags_are_changed_together_or_not_at_all(ticket, moira, client_of):
    client, url = client_of(moira), f"/api/tickets/{ticket.public_id}"
    body = client.patch(url, {"priority": "high", "type": "bug", "tags": ["b", "a", "b"]}).json()
    assert (body["priority"], body["type"], body["tags"]) == ("high", "bug", ["a", "b"])

    assert client.patch(url, {"priority": "low", "type": "gossip"}).status_code == 409
    ticket.refresh_from_db()
    assert ticket.priority == "high"
    assert client.patch(url, {"tags": []}).json()["tags"] == []


def test_what_cannot_be_changed_so_is_refused(ticket, moira, client_of):
    answer = client_of(moira).patch(f"/api/tickets/{ticket.public_id}", {"status": "closed"})
    assert answer.status_code == 400 and "status" in answer.json()["fields"]


def test_deleting_is_soft_and_final_for_everybody(ticket, alice, moira, ada, mallory, client_of):
    url = f"/api/tickets/{ticket.public_id}"
    assert client_of(moira).delete(url).status_code == 403
    assert client_of(ada).delete(url).json() == {"success": True, "message": "Ticket deleted"}

    for user in (alice, moira, ada):
        client = client_of(user)
        assert client.get(url).status_code == 404
        assert client.post(f"{url}/send", {"message": "x"}).status_code == 404
        assert client.get("/api/tickets").json()["tickets"] == []
        assert client.get(f"{url}/events").status_code == 410
    assert client_of(mallory).get(f"{url}/events").status_code == 404
    assert Ticket.objects.filter(pk=ticket.pk).exists()


def test_a_deleted_ticket_is_purged_after_thirty_days(ticket, ada, client_of):
    services.delete_ticket(ticket.public_id, ada)
    assert services.purge_deleted_tickets() == 0
    ticket.refresh_from_db()
    Ticket.objects.update(deleted_at=ticket.deleted_at - timedelta(days=31))

    assert client_of(ada).get(f"/api/tickets/{ticket.public_id}/events").status_code == 404
    assert services.purge_deleted_tickets() == 1
    assert not TicketEvent.objects.exists()


def test_the_table_names_every_state():
    assert {row[0] for row in TABLE} == set(Status.values)
