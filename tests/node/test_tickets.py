"""Joining a ticket, and what is heard there: messages, notes, changes of state, typing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.conftest import UPGRADE, Connect, People, settle
from tests.node.driver import NodeClient

pytestmark = [pytest.mark.node, pytest.mark.server]

Transports = tuple[str, ...]


def places(client: NodeClient) -> list[tuple[int, int]]:
    """`prev_seq` and `seq` of each step that was heard, in the order of their arrival."""
    return [(update["prev_seq"], update["seq"]) for update in client.heard("ticket_update")]


def update_of(client: NodeClient, event_type: str) -> dict[str, Any]:
    update: dict[str, Any] = client.wait_for("ticket_update", lambda data: data["event_type"] == event_type)
    return update


# --- joining -----------------------------------------------------------------
def test_joining_is_acknowledged_and_shows_the_history(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports)
    joined = alice.call("join_ticket", {"ticket_id": ticket})
    history = alice.wait_for("message_history")
    assert joined["ok"] is True
    assert joined["last_seq"] == history["last_seq"] == 2
    assert history["ticket_id"] == ticket
    assert history["messages"] == people.messages("alice", ticket)


def test_the_history_comes_to_those_who_ask_for_no_acknowledgement(
    connect: Connect, ticket: str, transports: Transports
):
    alice = connect("alice", transports)
    alice.emit("join_ticket", {"ticket_id": ticket})
    history = alice.wait_for("message_history")
    assert [message["content"] for message in history["messages"]] == ["Since this morning nothing happens."]


def test_a_strangers_ticket_cannot_be_joined(connect: Connect, ticket: str, transports: Transports):
    mallory = connect("mallory", transports)
    refused = mallory.call("join_ticket", {"ticket_id": ticket})
    assert refused["ok"] is False
    assert mallory.wait_for("error")["code"] == refused["code"]
    settle(mallory)
    assert not mallory.heard("message_history")


def test_a_strangers_ticket_and_an_unknown_one_look_the_same(connect: Connect, ticket: str):
    mallory = connect("mallory")
    strange = mallory.call("join_ticket", {"ticket_id": ticket})
    unknown = mallory.call("join_ticket", {"ticket_id": "x" * 20})
    assert strange.pop("ticket_id") != unknown.pop("ticket_id")
    assert strange == unknown


def test_a_stranger_hears_nothing_of_a_ticket(connect: Connect, people: People, ticket: str):
    mallory, alice = connect("mallory"), connect("alice", join=ticket)
    mallory.call("join_ticket", {"ticket_id": ticket})
    assert mallory.call("send_message", {"ticket_id": ticket, "message": "let me in"})["ok"] is False
    mallory.call("typing", {"ticket_id": ticket, "user_name": "alice"})
    people.post_message("moira", ticket, "for Alice alone")
    alice.wait_for("new_message")
    settle(mallory)
    assert {heard.event for heard in mallory.events} <= {"open", "connect", "connected", "error"}
    assert not alice.heard("typing")


def test_leaving_ends_what_is_heard(connect: Connect, people: People, ticket: str, transports: Transports):
    alice, moira = connect("alice", transports, join=ticket), connect("moira", join=ticket)
    alice.call("leave_ticket", {"ticket_id": ticket})
    people.post_message("moira", ticket, "are you gone?")
    moira.wait_for("new_message")
    settle(alice)
    assert not alice.heard("new_message")
    assert not alice.heard("ticket_update")


def test_joining_twice_shows_each_message_once(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    alice.call("join_ticket", {"ticket_id": ticket})
    people.post_message("moira", ticket, "once")
    people.post_message("moira", ticket, "and again")
    alice.wait_for("new_message", lambda data: data["message"] == "and again")
    assert [data["message"] for data in alice.heard("new_message")] == ["once", "and again"]


# --- messages ----------------------------------------------------------------
def test_a_message_by_rest_is_heard_in_both_forms(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    message = people.post_message("moira", ticket, "Have you tried again? \N{CAT FACE}")
    heard, update = alice.wait_for("new_message"), update_of(alice, "new_message")
    assert heard == {
        "ticket_id": ticket,
        "message": "Have you tried again? \N{CAT FACE}",
        "messageData": message,
        "seq": message["seq"],
        "prev_seq": message["seq"] - 1,
    }
    assert update["ticket_id"] == ticket
    assert update["data"] == message
    assert update["timestamp"].endswith("Z")
    assert (update["seq"], update["prev_seq"]) == (heard["seq"], heard["prev_seq"])


def test_a_message_by_socket_is_stored_acknowledged_and_heard_by_all(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice, moira = connect("alice", transports, join=ticket), connect("moira", transports, join=ticket)
    said = {"ticket_id": ticket, "message": "  It is broken\n", "client_nonce": f"mine-{ticket}"}
    sent = alice.call("send_message", said)
    assert sent["ok"] is True
    assert sent["message"]["content"] == said["message"]
    assert sent["message"]["client_nonce"] == said["client_nonce"]
    assert alice.wait_for("new_message")["messageData"] == sent["message"]
    assert moira.wait_for("new_message")["messageData"] == sent["message"]
    assert people.messages("moira", ticket)[-1] == sent["message"]


def test_a_message_without_an_acknowledgement_is_stored_too(connect: Connect, people: People, ticket: str):
    alice = connect("alice", UPGRADE, join=ticket)
    alice.emit("send_message", {"ticket_id": ticket, "message": "no answer needed"})
    heard = alice.wait_for("new_message")
    assert people.messages("alice", ticket)[-1] == heard["messageData"]


def test_messages_sent_at_once_arrive_in_their_order(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice, moira = connect("alice", transports, join=ticket), connect("moira", join=ticket)
    texts = [f"number {number}" for number in range(30)]
    for text in texts:
        alice.emit("send_message", {"ticket_id": ticket, "message": text})
    for client in (alice, moira):
        client.wait_for("ticket_update", lambda data: data["data"]["content"] == texts[-1])
        assert [data["message"] for data in client.heard("new_message")] == texts
        assert places(client) == [(seq - 1, seq) for seq in range(3, 33)]
    assert [message["content"] for message in people.messages("moira", ticket)[1:]] == texts


def test_a_nonce_makes_one_message_over_socket_and_rest(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    said = {"message": "only once", "client_nonce": f"once-{ticket}"}
    first = alice.call("send_message", {"ticket_id": ticket, **said})
    again = alice.call("send_message", {"ticket_id": ticket, **said})
    by_rest = people.call("alice", "POST", f"/api/tickets/{ticket}/send", **said)
    assert first["message"] == again["message"] == by_rest["message"]
    other = alice.call("send_message", {"ticket_id": ticket, **said, "message": "something else"})
    assert (other["ok"], other["code"]) == (False, "nonce_reused")
    assert [message["content"] for message in people.messages("alice", ticket)[1:]] == ["only once"]
    settle(alice)
    assert len(alice.heard("new_message")) == 1


def test_a_nonce_used_by_rest_first_counts_at_the_socket(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    said = {"message": "only once", "client_nonce": f"once-{ticket}"}
    by_rest = people.call("alice", "POST", f"/api/tickets/{ticket}/send", **said)
    assert alice.call("send_message", {"ticket_id": ticket, **said})["message"] == by_rest["message"]
    assert len(people.messages("alice", ticket)) == 2


def test_a_note_reaches_staff_and_leaves_no_hole_for_the_owner(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice, moira = connect("alice", transports, join=ticket), connect("moira", transports, join=ticket)
    people.post_message("moira", ticket, "first")
    note = people.call("moira", "POST", f"/api/tickets/{ticket}/notes", message="a difficult one")["message"]
    people.post_message("moira", ticket, "second")
    for client in (alice, moira):
        client.wait_for("ticket_update", lambda data: data["data"]["content"] == "second")
    assert places(moira) == [(2, 3), (3, 4), (4, 5)]
    assert places(alice) == [(2, 3), (3, 5)]
    assert note in [data["messageData"] for data in moira.heard("new_message")]
    assert "a difficult one" not in str(alice.events)


def test_a_note_is_not_in_the_history_of_the_owner(connect: Connect, people: People, ticket: str):
    people.call("moira", "POST", f"/api/tickets/{ticket}/notes", message="a difficult one")
    alice, moira = connect("alice"), connect("moira")
    for client, expected in ((alice, 2), (moira, 3)):
        for after in ({}, {"after_seq": 0}):
            assert client.call("join_ticket", {"ticket_id": ticket, **after})["last_seq"] == expected
        settle(client)
    assert "a difficult one" not in str(alice.events)
    assert str(moira.events).count("a difficult one") >= 2


def test_an_edit_and_a_deletion_are_heard(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    message = people.post_message("moira", ticket, "Try it agian")
    path = f"/api/tickets/{ticket}/messages/{message['id']}"
    people.call("moira", "PATCH", path, message="Try it again")
    edited = alice.wait_for("message_edited")
    assert edited["messageData"]["content"] == "Try it again"
    assert edited["messageData"]["seq"] == message["seq"]
    assert (edited["prev_seq"], edited["seq"]) == (message["seq"], message["seq"] + 1)
    people.call("moira", "DELETE", path)
    deleted = alice.wait_for("message_deleted")
    assert deleted["messageData"]["id"] == message["id"]
    assert deleted["messageData"]["content"] == ""
    assert (deleted["prev_seq"], deleted["seq"]) == (message["seq"] + 1, message["seq"] + 2)


# --- states ------------------------------------------------------------------
def test_each_change_of_state_is_heard(connect: Connect, people: People, ticket: str, transports: Transports):
    alice = connect("alice", transports, join=ticket)
    moira = people.call("moira", "GET", "/api/users/me")["user_id"]
    path = f"/api/tickets/{ticket}"
    for verb in ("claim", "close", "reopen"):
        people.call("moira", "POST", f"{path}/{verb}")
    people.call("moira", "POST", f"{path}/assign", assigned_to=moira)
    people.call("ada", "DELETE", path)
    update_of(alice, "ticket_deleted")
    updates = alice.heard("ticket_update")
    assert [update["event_type"] for update in updates] == [
        "ticket_claimed",
        "ticket_closed",
        "ticket_reopened",
        "ticket_assigned",
        "ticket_deleted",
    ]
    assert [update["data"].get("status") for update in updates[:3]] == ["claimed", "closed", "open"]
    assert updates[0]["data"]["claimed_by"] == updates[3]["data"]["assigned_to"] == moira
    assert places(alice) == [(seq - 1, seq) for seq in range(3, 8)]


def test_reading_is_heard_by_the_other_side(connect: Connect, people: People, ticket: str):
    alice, moira = connect("alice", join=ticket), connect("moira", join=ticket)
    people.post_message("alice", ticket, "read me")
    people.call("moira", "POST", f"/api/tickets/{ticket}/mark-read")
    read = update_of(alice, "ticket_read")
    assert read["data"]["user_id"] == people.call("moira", "GET", "/api/users/me")["user_id"]
    assert update_of(moira, "ticket_read")["data"] == read["data"]


def test_a_closed_ticket_takes_no_message(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    people.call("moira", "POST", f"/api/tickets/{ticket}/close")
    refused = alice.call("send_message", {"ticket_id": ticket, "message": "one more thing"})
    assert refused["ok"] is False
    assert refused["error"] and refused["code"]
    assert len(people.messages("alice", ticket)) == 1


def test_a_deleted_ticket_is_gone_for_those_who_are_inside(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    people.call("ada", "DELETE", f"/api/tickets/{ticket}")
    update_of(alice, "ticket_deleted")
    assert alice.call("send_message", {"ticket_id": ticket, "message": "hello?"})["ok"] is False
    assert alice.call("join_ticket", {"ticket_id": ticket})["ok"] is False


# --- typing ------------------------------------------------------------------
def test_typing_reaches_the_others_under_the_name_the_server_knows(
    connect: Connect, ticket: str, transports: Transports
):
    alice, moira = connect("alice", transports, join=ticket), connect("moira", transports, join=ticket)
    alice.emit("typing", {"ticket_id": ticket, "user_name": "ada"})
    assert moira.wait_for("typing") == {"ticket_id": ticket, "user_name": "alice"}
    settle(alice)
    assert not alice.heard("typing")


def test_typing_is_for_those_who_joined(connect: Connect, ticket: str):
    alice, moira = connect("alice", join=ticket), connect("moira")
    assert moira.call("typing", {"ticket_id": ticket, "user_name": "moira"})["ok"] is False
    settle(alice)
    assert not alice.heard("typing")


# --- catching up -------------------------------------------------------------
def test_the_history_after_a_place_has_exactly_what_was_missed(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    seen = people.post_message("moira", ticket, "seen")
    alice.wait_for("new_message")
    alice.call("leave_ticket", {"ticket_id": ticket})
    missed = [people.post_message("moira", ticket, text) for text in ("missed", "missed too")]
    people.call("moira", "POST", f"/api/tickets/{ticket}/notes", message="not for Alice")
    people.call("moira", "PATCH", f"/api/tickets/{ticket}/messages/{seen['id']}", message="seen!")
    people.call("moira", "POST", f"/api/tickets/{ticket}/claim")
    known = len(alice.events)
    joined = alice.call("join_ticket", {"ticket_id": ticket, "after_seq": seen["seq"]})
    history = alice.wait_for("message_history", after=known)
    steps = [(event["prev_seq"], event["seq"], event["type"]) for event in history["events"]]
    assert history["messages"] == missed
    assert steps == [
        (3, 4, "new_message"),
        (4, 5, "new_message"),
        (5, 7, "message_edited"),
        (7, 8, "ticket_claimed"),
    ]
    assert joined["last_seq"] == history["last_seq"] == 8
    assert history["events"][2]["data"]["content"] == "seen!"


def test_nothing_missed_is_an_empty_history(connect: Connect, ticket: str):
    alice = connect("alice")
    joined = alice.call("join_ticket", {"ticket_id": ticket, "after_seq": 2})
    history = alice.wait_for("message_history")
    assert (history["messages"], history["events"], joined["last_seq"]) == ([], [], 2)


def test_a_long_absence_is_caught_up_without_a_gap(connect: Connect, people: People, ticket: str):
    moira = connect("moira", join=ticket)
    for number in range(210):
        people.post_message("moira", ticket, f"number {number}")
    alice = connect("alice")
    joined = alice.call("join_ticket", {"ticket_id": ticket, "after_seq": 2})
    alice.wait_for("message_history", lambda data: data["last_seq"] == 212)
    shown = [message["seq"] for history in alice.heard("message_history") for message in history["messages"]]
    assert shown == list(range(3, 213))
    assert joined["last_seq"] == 212
    settle(moira)
    assert len(moira.heard("new_message")) == 210


def test_a_cut_connection_misses_nothing(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice = connect("alice", transports, join=ticket)
    people.post_message("moira", ticket, "heard")
    last = alice.wait_for("new_message")["seq"]
    known = len(alice.events)
    alice.cut()
    alice.wait_for("disconnect", after=known)
    people.post_message("moira", ticket, "missed")
    alice.wait_for("connect", after=known)
    alice.call("join_ticket", {"ticket_id": ticket, "after_seq": last})
    people.post_message("moira", ticket, "heard again")
    alice.wait_for("new_message", lambda data: data["message"] == "heard again")
    history = alice.wait_for("message_history", after=known)
    assert [message["content"] for message in history["messages"]] == ["missed"]
    assert [data["message"] for data in alice.heard("new_message")] == ["heard", "heard again"]
