from __future__ import annotations

import pytest
from django.utils import timezone

from accounts import monitoring_tokens
from accounts.services import Device
from tickets import services
from tickets.models import Ticket


def ids(client, query: str = "") -> list[str]:
    return [ticket["subject"] for ticket in client.get(f"/api/tickets?{query}").json()["tickets"]]


@pytest.fixture
def four(alice, mallory, moira) -> dict[str, Ticket]:
    tickets = {
        name: services.open_ticket(owner, name, f"The ticket called {name}.")
        for name, owner in (("one", alice), ("two", alice), ("three", mallory), ("four", mallory))
    }
    services.claim_ticket(tickets["two"].public_id, moira)
    services.close_ticket(tickets["three"].public_id, moira)
    services.update_ticket(tickets["four"].public_id, moira, {"priority": "urgent", "tags": ["vip"]})
    return tickets


def test_members_see_their_own_and_staff_all_newest_activity_first(four, alice, moira, client_of):
    assert ids(client_of(alice)) == ["two", "one"]
    assert ids(client_of(moira)) == ["four", "three", "two", "one"]
    services.post_message(four["one"].public_id, alice, "Me again")
    assert ids(client_of(moira))[0] == "one"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=open", ["four", "two", "one"]),
        ("status=closed", ["three"]),
        ("status=claimed", ["two"]),
        ("status=all", ["four", "three", "two", "one"]),
        ("priority=urgent", ["four"]),
        ("tag=vip", ["four"]),
        ("q=called%20THREE", ["three"]),
        ("q=tWo", ["two"]),
        ("assigned_to=u1", []),
    ],
)
def test_filters(four, moira, client_of, query, found):
    assert ids(client_of(moira), query) == found


def test_filter_by_assignee(four, moira, client_of):
    services.assign_ticket(four["one"].public_id, moira, moira.user_id)
    assert ids(client_of(moira), f"assigned_to={moira.user_id}") == ["one"]


@pytest.mark.parametrize("query", ["status=lost", "limit=0", "limit=201", "limit=x", "cursor=!", "cursor=abc",
                                   "priority=x", "q=%00"])  # fmt: skip
def test_bad_queries_are_400(four, moira, client_of, query):
    assert client_of(moira).get(f"/api/tickets?{query}").status_code == 400


def test_pages_are_stable_when_tickets_come_in_between(alice, moira, client_of):
    for number in range(7):
        services.open_ticket(alice, f"t{number} x", "One of many tickets.")
        services.close_ticket(Ticket.objects.get(subject=f"t{number} x").public_id, moira)
    client = client_of(moira)
    first = client.get("/api/tickets?limit=3").json()
    services.open_ticket(alice, "newcomer", "Opened between two pages.")
    seen = [ticket["subject"] for ticket in first["tickets"]]
    cursor = first["next_cursor"]
    while cursor:
        page = client.get(f"/api/tickets?limit=3&cursor={cursor}").json()
        seen += [ticket["subject"] for ticket in page["tickets"]]
        cursor = page["next_cursor"]
    assert seen == [f"t{number} x" for number in reversed(range(7))]


def test_a_monitoring_token_probes_the_endpoint_and_sees_nothing(four, client_of):
    monitor = monitoring_tokens.issue("a-secret-of-the-tests", None, Device()).user
    body = client_of(monitor).get("/api/tickets").json()
    assert (body["tickets"], body["total"], body["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize("query", ["cursor=!", "cursor=bm90LW91cnM", "limit=0", "status=odd"])
def test_a_monitoring_token_is_refused_what_others_are_refused(alice, client_of, query):
    monitor = monitoring_tokens.issue("a-secret-of-the-tests", None, Device()).user
    mine, theirs = (client_of(user).get(f"/api/tickets?{query}") for user in (alice, monitor))
    assert mine.status_code == theirs.status_code == 400
    assert mine.json()["fields"] == theirs.json()["fields"]


def test_total_counts_to_a_thousand_and_no_further(alice, moira, client_of):
    now = timezone.now()
    Ticket.objects.bulk_create(
        Ticket(owner=alice, subject="x", type="bug", status="closed", closed_at=now) for _ in range(1005)
    )
    assert client_of(moira).get("/api/tickets?limit=1").json()["total"] == 1000


def test_the_number_of_queries_does_not_grow_with_the_page(
    alice, moira, client_of, django_assert_num_queries
):
    for number in range(12):
        ticket = services.open_ticket(alice, f"t{number} x", "One of many tickets.")
        services.update_ticket(ticket.public_id, moira, {"tags": ["a", "b"]})
        if number % 2:
            services.claim_ticket(ticket.public_id, moira)
        services.close_ticket(ticket.public_id, moira)
    client = client_of(moira)
    with django_assert_num_queries(3):
        assert len(client.get("/api/tickets").json()["tickets"]) == 12
