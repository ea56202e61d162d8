from __future__ import annotations

import pytest

from tickets import services


@pytest.fixture
def unread(ticket, client_of):
    def count(user) -> int:
        listed = client_of(user).get("/api/tickets").json()["tickets"]
        detail = client_of(user).get(f"/api/tickets/{ticket.public_id}").json()
        assert listed[0]["unread_count"] == detail["unread_count"]
        return detail["unread_count"]

    return count


def test_ones_own_words_are_read_and_others_are_not(ticket, alice, moira, ada, unread):
    assert (unread(alice), unread(moira), unread(ada)) == (0, 1, 1)
    services.post_message(ticket.public_id, moira, "Hello")
    assert (unread(alice), unread(moira), unread(ada)) == (1, 0, 2)


def test_marking_read_is_for_oneself(ticket, alice, moira, ada, unread, client_of):
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/mark-read")
    assert answer.json() == {"success": True}
    assert (unread(moira), unread(ada)) == (0, 1)


def test_up_to_a_place(ticket, alice, moira, unread, client_of):
    messages = [services.post_message(ticket.public_id, alice, text) for text in "abc"]
    client_of(moira).post(f"/api/tickets/{ticket.public_id}/mark-read", {"up_to_seq": messages[0].seq})
    assert unread(moira) == 2


def test_a_late_request_moves_nothing_back(ticket, alice, moira, unread):
    services.mark_read(ticket.public_id, moira)
    services.mark_read(ticket.public_id, moira, up_to_seq=1)
    assert unread(moira) == 0


def test_a_mark_in_the_future_stops_at_the_end(ticket, alice, moira, unread):
    services.mark_read(ticket.public_id, moira, up_to_seq=2**31 - 1)
    services.post_message(ticket.public_id, alice, "New")
    assert unread(moira) == 1


def test_notes_count_for_staff_alone(ticket, alice, moira, ada, unread):
    services.mark_read(ticket.public_id, ada)
    services.add_note(ticket.public_id, moira, "Careful")
    assert (unread(alice), unread(ada)) == (0, 1)


def test_a_deleted_message_is_unread_no_more(ticket, alice, moira, ada, unread):
    services.mark_read(ticket.public_id, ada)
    read = services.post_message(ticket.public_id, alice, "Read by Ada")
    services.mark_read(ticket.public_id, ada)
    unseen = services.post_message(ticket.public_id, alice, "Not read by Ada")
    services.delete_message(ticket.public_id, read.pk, alice)
    assert unread(ada) == 1
    services.delete_message(ticket.public_id, unseen.pk, alice)
    assert unread(ada) == 0


def test_reading_is_shown_and_is_no_step_of_the_stream(ticket, moira, shown):
    with shown() as publications:
        services.mark_read(ticket.public_id, moira)
    ticket.refresh_from_db()
    frame = publications[0].parts[0].frames[0]
    assert frame.data["event_type"] == "ticket_read"
    assert "seq" not in frame.data and ticket.last_seq == 2


@pytest.mark.parametrize("body", [{"up_to_seq": -1}, {"up_to_seq": "3"}, {"up_to_seq": 2**31}])
def test_bad_places(ticket, moira, client_of, body):
    answer = client_of(moira).post(f"/api/tickets/{ticket.public_id}/mark-read", body)
    assert answer.status_code == 400
