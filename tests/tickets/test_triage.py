"""Transfer, snooze, merge, and one action on many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tickets import services
from tickets.models import Ticket

SOON = timezone.now() + timedelta(hours=5)


@pytest.fixture
def path(ticket) -> str:
    return f"/api/tickets/{ticket.public_id}"


def kinds(client, path: str, after: int = 2) -> list[str]:
    return [event["type"] for event in client.get(f"{path}/events?after={after}").json()["events"]]


# --- transfer ----------------------------------------------------------------
def test_whoever_it_is_handed_to_has_claimed_it(ticket, path, moira, ada, client_of):
    answer = client_of(moira).post(f"{path}/transfer", {"to": ada.user_id, "note": "Yours, I think."})
    body = answer.json()
    assert (body["status"], body["claimed_by"], body["assigned_to"]) == ("claimed", ada.user_id, ada.user_id)
    assert [message["is_note"] for message in body["messages"]] == [False, True]
    assert kinds(client_of(ada), path) == ["new_message", "ticket_transferred"]


def test_a_transfer_leads_to_staff_who_do_not_have_it_yet(ticket, path, alice, moira, client_of):
    staff = client_of(moira)
    assert staff.post(f"{path}/transfer", {"to": alice.user_id}).json()["code"] == "assignee_not_staff"
    services.claim_ticket(ticket.public_id, moira)
    assert staff.post(f"{path}/transfer", {"to": moira.user_id}).json()["code"] == "already_theirs"
    services.close_ticket(ticket.public_id, moira)
    assert staff.post(f"{path}/transfer", {"to": moira.user_id}).json()["code"] == "ticket_closed"


# --- snooze ------------------------------------------------------------------
def test_a_snooze_is_for_staff_to_see(ticket, path, alice, moira, client_of):
    body = client_of(moira).post(f"{path}/snooze", {"until": SOON.isoformat()}).json()
    assert body["snoozed_until"] is not None
    assert "snoozed_until" not in client_of(alice).get(path).json()
    assert kinds(client_of(moira), path) == ["ticket_snoozed"]
    assert kinds(client_of(alice), path) == []
    assert client_of(moira).get("/api/tickets?snoozed=true").json()["total"] == 1
    assert client_of(moira).get("/api/tickets?snoozed=false").json()["total"] == 0
    assert client_of(moira).get("/api/tickets").json()["total"] == 1


@pytest.mark.parametrize("until", [timedelta(seconds=-1), timedelta(days=400)])
def test_a_snooze_ends_within_the_coming_year(ticket, path, moira, client_of, until):
    answer = client_of(moira).post(f"{path}/snooze", {"until": (timezone.now() + until).isoformat()})
    assert (answer.status_code, list(answer.json()["fields"])) == (409, ["until"])


def test_the_owners_words_end_a_snooze_and_those_of_staff_do_not(ticket, alice, moira):
    services.snooze_ticket(ticket.public_id, moira, SOON)
    services.post_message(ticket.public_id, moira, "Still looking.")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is not None
    services.post_message(ticket.public_id, alice, "It works again!")
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None
    assert ticket.events.last().type == "ticket_woken"


def test_waking_by_hand(ticket, path, moira, client_of):
    services.snooze_ticket(ticket.public_id, moira, SOON)
    assert client_of(moira).post(f"{path}/wake").json()["snoozed_until"] is None
    assert client_of(moira).post(f"{path}/wake").json()["code"] == "not_snoozed"


def test_a_closed_ticket_is_not_snoozed(ticket, path, moira, client_of):
    services.snooze_ticket(ticket.public_id, moira, SOON)
    services.close_ticket(ticket.public_id, moira)
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None
    assert kinds(client_of(moira), path) == ["ticket_snoozed", "ticket_woken", "ticket_closed"]
    answer = client_of(moira).post(f"{path}/snooze", {"until": SOON.isoformat()})
    assert answer.json()["code"] == "ticket_closed"


# --- merge -------------------------------------------------------------------
@pytest.fixture
def second(alice) -> Ticket:
    return services.open_ticket(alice, "The same again", "It still does not start today.")


def test_one_closes_and_points_to_the_other(ticket, second, path, alice, moira, client_of):
    answer = client_of(moira).post(f"{path}/merge", {"into": second.public_id})
    assert answer.json()["ticket_id"] == second.public_id
    merged = client_of(alice).get(path).json()
    assert (merged["status"], merged["merged_into"]) == ("closed", second.public_id)
    assert kinds(client_of(alice), path) == ["ticket_merged"]
    told = client_of(alice).get(f"/api/tickets/{second.public_id}/events?after=2").json()["events"]
    assert told[0]["data"]["merged"]["ticket_id"] == ticket.public_id


def test_what_was_merged_goes_on_in_the_other_alone(ticket, second, path, alice, moira, client_of):
    services.merge_tickets(ticket.public_id, second.public_id, moira)
    sent = client_of(alice).post(f"{path}/send", {"message": "Hello?"}).json()
    assert (sent["code"], sent["merged_into"]) == ("ticket_merged", second.public_id)
    assert client_of(moira).post(f"{path}/reopen").json()["code"] == "ticket_merged"
    assert (
        client_of(alice).post(f"/api/tickets/{second.public_id}/send", {"message": "Here."}).status_code
        == 200
    )


def test_without_the_other_it_goes_on_by_itself(ticket, second, path, alice, moira, ada, client_of):
    services.merge_tickets(ticket.public_id, second.public_id, moira)
    services.delete_ticket(second.public_id, ada)
    assert client_of(alice).get(path).json()["merged_into"] is None
    assert client_of(alice).post(f"{path}/send", {"message": "Hello?"}).json()["code"] == "ticket_closed"
    assert client_of(alice).post(f"{path}/reopen").status_code == 200
    last = client_of(alice).get(f"{path}/events").json()["events"][-1]
    assert (last["type"], last["data"]["merged_into"]) == ("ticket_reopened", None)
    ticket.refresh_from_db()
    assert ticket.merged_into is None


def test_tickets_of_two_members_are_never_merged(ticket, path, mallory, moira, client_of):
    other = services.open_ticket(mallory, "Quite another", "This is somebody else's story.")
    assert client_of(moira).post(f"{path}/merge", {"into": other.public_id}).json()["code"] == "cannot_merge"
    assert client_of(moira).post(f"{path}/merge", {"into": ticket.public_id}).json()["code"] == "cannot_merge"


def test_neither_may_be_closed(ticket, second, moira, client_of, path):
    services.close_ticket(second.public_id, moira)
    assert client_of(moira).post(f"{path}/merge", {"into": second.public_id}).json()["code"] == "cannot_merge"


# --- many --------------------------------------------------------------------
def test_each_of_many_succeeds_or_is_refused_by_itself(ticket, second, moira, client_of):
    services.claim_ticket(ticket.public_id, moira)
    ids = [ticket.public_id, second.public_id, "no-such-ticket", second.public_id]
    results = client_of(moira).post("/api/tickets/bulk", {"ticket_ids": ids, "action": "claim"}).json()
    assert [(entry["ok"], entry.get("code")) for entry in results["results"]] == [
        (False, "already_claimed"),
        (True, None),
        (False, "not_found"),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "close", "close_message": "Sorted out."}, "closed"),
        ({"action": "update", "tags": ["wave-2"], "priority": "high"}, "open"),
        ({"action": "snooze", "until": SOON.isoformat()}, "open"),
    ],
)
def test_what_one_may_do_with_one_one_may_do_with_many(ticket, second, moira, client_of, body, status):
    ids = [ticket.public_id, second.public_id]
    results = client_of(moira).post("/api/tickets/bulk", body | {"ticket_ids": ids}).json()["results"]
    assert [entry["ok"] for entry in results] == [True, True]
    assert set(Ticket.objects.values_list("status", flat=True)) == {status}


def test_deleting_many_is_for_admins_too(ticket, moira, ada, client_of):
    body = {"ticket_ids": [ticket.public_id], "action": "delete"}
    assert client_of(moira).post("/api/tickets/bulk", body).json()["results"][0]["code"] == "not_allowed"
    assert client_of(ada).post("/api/tickets/bulk", body).json()["results"][0]["ok"] is True


def test_an_action_without_what_it_needs_changes_nothing(ticket, moira, client_of):
    answer = client_of(moira).post(
        "/api/tickets/bulk", {"ticket_ids": [ticket.public_id], "action": "snooze"}
    )
    assert (answer.status_code, list(answer.json()["fields"])) == (409, ["until"])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_ticket_somebody_holds_does_not_hide_what_was_done(ticket, alice, moira, client_of):
    held = services.open_ticket(alice, "The same again", "It still does not start.")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM tickets_ticket WHERE id = %s FOR UPDATE", [held.pk])
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '200ms'")
            body = {"ticket_ids": [held.public_id, ticket.public_id], "action": "claim"}
            answer = client_of(moira).post("/api/tickets/bulk", body)
            cursor.execute("ROLLBACK")
    finally:
        other.close()
        connection.close()
    assert [(one["ok"], one.get("code")) for one in answer.json()["results"]] == [
        (False, "busy"),
        (True, None),
    ]
