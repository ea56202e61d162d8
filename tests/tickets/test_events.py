from __future__ import annotations

import pytest

from tickets import services
from tickets.models import TicketEvent
from tickets.rendering import event_json, message_json, summary_json
from tickets.serializers import EventOut, MessageOut, SummaryOut


@pytest.fixture
def lively(ticket, alice, moira):
    first = services.post_message(ticket.public_id, alice, "one")
    services.claim_ticket(ticket.public_id, moira)
    services.add_note(ticket.public_id, moira, "between us")
    services.edit_message(ticket.public_id, first.pk, alice, "first")
    second = services.post_message(ticket.public_id, moira, "two")
    services.delete_message(ticket.public_id, second.pk, moira)
    return ticket


def test_the_stream_has_no_gaps(lively):
    assert list(lively.events.values_list("seq", flat=True)) == list(range(1, 9))


@pytest.mark.parametrize("who", ["alice", "moira"])
def test_following_the_chain_page_by_page_shows_each_event_once(lively, client_of, who, request):
    client = client_of(request.getfixturevalue(who))
    after, seen, more = 0, [], True
    while more:
        page = client.get(f"/api/tickets/{lively.public_id}/events?after={after}&limit=2").json()
        for event in page["events"]:
            assert event["prev_seq"] == after
            after = event["seq"]
            seen.append(event["type"])
        more = page["has_more"]
    assert after == page["head"]
    assert len(seen) == (8 if who == "moira" else 7)


def test_events_hold_no_text_so_edits_and_erasure_need_not_rewrite_history(lively):
    for event in TicketEvent.objects.all():
        assert not {"content", "message", "subject"} & event.facts.keys()


def test_a_message_in_the_stream_is_as_it_is_now(lively, alice, client_of):
    events = client_of(alice).get(f"/api/tickets/{lively.public_id}/events").json()["events"]
    posted = [event for event in events if event["type"] == "new_message"]
    assert [event["data"]["content"] for event in posted][1:] == ["first", ""]
    assert posted[-1]["data"]["deleted"]


def test_the_stream_costs_three_queries(lively, alice, client_of, django_assert_num_queries):
    client = client_of(alice)
    with django_assert_num_queries(3):
        client.get(f"/api/tickets/{lively.public_id}/events")


def test_declared_shapes_are_the_rendered_ones(lively, moira):
    message = lively.messages.select_related("author").first()
    event = lively.events.select_related("actor", "message__author").first()
    assert list(message_json(message)) == list(MessageOut().fields)
    assert list(event_json(event, staff=True)) == list(EventOut().fields)
    assert list(summary_json(services.read_ticket(lively.public_id, moira), moira)) == list(
        SummaryOut().fields
    )


def test_what_screens_are_told_equals_what_is_read_later(ticket, alice, moira, shown, client_of):
    with shown() as publications:
        services.post_message(ticket.public_id, alice, "one")
        services.claim_ticket(ticket.public_id, moira)
    read = client_of(alice).get(f"/api/tickets/{ticket.public_id}/events?after=2").json()["events"]
    room = f"ticket:{ticket.public_id}:owner"
    told = [
        part.frames[-1].data
        for publication in publications
        for part in publication.parts
        if room in part.rooms
    ]
    assert [(frame["seq"], frame["prev_seq"], frame["event_type"], frame["data"]) for frame in told] == [
        (event["seq"], event["prev_seq"], event["type"], event["data"]) for event in read
    ]


def test_without_notes_both_audiences_get_the_same_frames(ticket, alice, moira, shown):
    with shown() as publications:
        services.post_message(ticket.public_id, alice, "one")
        services.claim_ticket(ticket.public_id, moira)
        services.add_note(ticket.public_id, moira, "banned before")
        services.post_message(ticket.public_id, alice, "two")
    name = f"ticket:{ticket.public_id}"
    rooms, inboxes = (f"{name}:staff", f"{name}:owner"), ("inbox:staff", f"inbox:{alice.pk}")
    assert [[part.rooms for part in publication.parts] for publication in publications] == [
        [rooms, inboxes],
        [(*rooms, *inboxes)],
        [rooms[:1], inboxes[:1]],
        [rooms[:1], inboxes[:1], rooms[1:], inboxes[1:]],
    ]


def test_a_refused_call_tells_nobody(ticket, moira, shown):
    services.close_ticket(ticket.public_id, moira)
    with shown() as publications, pytest.raises(Exception, match="closed"):
        services.close_ticket(ticket.public_id, moira)
    assert publications == []
