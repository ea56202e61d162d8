from __future__ import annotations

import pytest

from notifications.services.telling import tell_of
from tests.notifications.conftest import do_jobs
from tickets import services

pytestmark = pytest.mark.django_db
URL = "/api/notifications"


def test_one_reads_ones_own_in_the_newest_words(client_of, ticket, alice, moira, mallory):
    message = services.post_message(ticket.public_id, moira, "Fisrt")
    do_jobs()
    services.edit_message(ticket.public_id, message.pk, moira, "First")
    body = client_of(alice).get(URL).json()
    [one] = body["notifications"]
    assert (one["kind"], one["body"]) == ("new_message", "moira: First")
    assert one["title"] == f"#{ticket.pk} It does not start"
    assert (one["ticket_id"], one["read_at"], body["unread_count"]) == (ticket.public_id, None, 1)
    assert client_of(mallory).get(URL).json()["notifications"] == []
    services.delete_message(ticket.public_id, message.pk, moira)
    assert client_of(alice).get(URL).json()["notifications"][0]["body"] == ""


def test_pages_and_queries_do_not_grow(client_of, ticket, alice, moira, django_assert_max_num_queries):
    for number in range(7):
        services.post_message(ticket.public_id, moira, f"message {number}")
    do_jobs()
    client = client_of(alice)
    with django_assert_max_num_queries(6):
        first = client.get(URL, {"limit": 5}).json()
    second = client.get(URL, {"limit": 5, "cursor": first["next_cursor"]}).json()
    words = [one["body"] for page in (first, second) for one in page["notifications"]]
    assert words == [f"moira: message {number}" for number in reversed(range(7))]
    assert second["next_cursor"] is None
    assert client.get(URL, {"cursor": "!"}).status_code == 400


def test_read_here_and_by_reading_the_ticket(client_of, ticket, alice, moira, mallory):
    for number in range(3):
        services.post_message(ticket.public_id, moira, f"message {number}")
    do_jobs()
    client = client_of(alice)
    newest = client.get(URL).json()["notifications"][0]["id"]
    client_of(mallory).post(f"{URL}/read", {})
    assert client.post(f"{URL}/read", {"ids": [newest]}).json()["message"] == "1 read"
    assert client.get(URL).json()["unread_count"] == 2
    services.mark_read(ticket.public_id, alice)
    do_jobs()
    assert client.get(URL).json()["unread_count"] == 0


def test_writing_is_reading(ticket, alice, moira, client_of):
    services.post_message(ticket.public_id, moira, "Hello?")
    do_jobs()
    services.post_message(ticket.public_id, alice, "Here I am")
    do_jobs()
    assert client_of(alice).get(URL).json()["unread_count"] == 0


def test_telling_costs_the_same_for_many(ticket, alice, moira, ada, django_assert_max_num_queries):
    from accounts.models import User

    for number in range(20):
        User.objects.create_user(f"staff{number}", granted_role="moderator")
    services.post_message(ticket.public_id, alice, "Who is there?")
    with django_assert_max_num_queries(12):
        assert tell_of([ticket.events.latest("seq").pk]) == 22
