"""What no client should send: it is refused, it changes nothing, and it disturbs nobody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.node.conftest import Connect, People, settle
from tests.node.driver import NodeClient

pytestmark = [pytest.mark.node, pytest.mark.server]

Transports = tuple[str, ...]

NOT_OBJECTS = {
    "null": [None],
    "number": [7],
    "text": ["hello"],
    "array": [[1, 2]],
    "nothing": [],
    "flag": [True],
}
NOT_MESSAGES = {
    "number": 7,
    "null": None,
    "flag": True,
    "array": ["hello"],
    "object": {"text": "hello"},
    "empty": "",
    "blank": " \n\t",
    "long": "x" * 5000,
    "nul": "a\x00b",
    "surrogate": "a\ud800b",
}
NOT_TICKETS = {
    "number": 7,
    "null": None,
    "array": [1],
    "object": {},
    "nul": "\x00",
    "surrogate": "\ud800",
    "long": "x" * 5000,
    "unicode": "\N{CAT FACE}",
    "sql": "' OR 1=1 --",
}
NOT_PLACES = {"text": "2", "negative": -1, "fraction": 1.5, "huge": 2**53, "flag": True, "array": [2]}
EVENTS = ("join_ticket", "leave_ticket", "send_message", "typing", "mark_read")


def assert_untouched(client: NodeClient, people: People, ticket: str) -> None:
    """The connection works, and nothing was stored or shown."""
    sent = client.call("send_message", {"ticket_id": ticket, "message": "still here"})
    assert sent["ok"] is True
    client.wait_for("ticket_update", lambda data: data["data"].get("id") == sent["message"]["id"])
    assert [data["message"] for data in client.heard("new_message")] == ["still here"]
    assert [message["content"] for message in people.messages("moira", ticket)[1:]] == ["still here"]
    assert not client.heard("disconnect")


def refused(client: NodeClient, event: str, *data: Any) -> dict[str, Any]:
    """The acknowledgement, which must say no; the same is heard as `error`."""
    known = len(client.events)
    answer: dict[str, Any] = client.call(event, *data)
    assert answer["ok"] is False
    assert answer["error"] and answer["code"]
    assert answer["code"] != "server_error"
    assert client.wait_for("error", after=known)["code"] == answer["code"]
    return answer


@pytest.mark.parametrize("event", EVENTS)
def test_data_that_is_no_object_is_refused(connect: Connect, people: People, ticket: str, event: str):
    alice = connect("alice", join=ticket)
    for data in NOT_OBJECTS.values():
        refused(alice, event, *data)
    assert_untouched(alice, people, ticket)


@pytest.mark.parametrize("message", NOT_MESSAGES.values(), ids=NOT_MESSAGES)
def test_what_is_no_message_is_refused(
    connect: Connect, people: People, ticket: str, transports: Transports, message: Any
):
    alice = connect("alice", transports, join=ticket)
    refused(alice, "send_message", {"ticket_id": ticket, "message": message})
    assert_untouched(alice, people, ticket)


@pytest.mark.parametrize("event", [event for event in EVENTS if event != "leave_ticket"])
def test_what_is_no_ticket_is_refused(connect: Connect, people: People, ticket: str, event: str):
    alice = connect("alice", join=ticket)
    for ticket_id in NOT_TICKETS.values():
        refused(alice, event, {"ticket_id": ticket_id, "message": "hello"})
    assert_untouched(alice, people, ticket)


def test_what_is_no_place_is_refused(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    for place in NOT_PLACES.values():
        refused(alice, "join_ticket", {"ticket_id": ticket, "after_seq": place})
    assert_untouched(alice, people, ticket)


def test_a_place_beyond_the_end_shows_nothing_and_later_messages_are_heard(
    connect: Connect, people: People, ticket: str
):
    alice = connect("alice")
    assert alice.call("join_ticket", {"ticket_id": ticket, "after_seq": 10**9})["ok"] is True
    people.post_message("moira", ticket, "hello")
    assert alice.wait_for("new_message")["message"] == "hello"


@pytest.mark.parametrize("nonce", [7, ["n"], "x" * 200, "\x00", "\ud800"], ids=repr)
def test_what_is_no_nonce_is_refused(connect: Connect, people: People, ticket: str, nonce: Any):
    alice = connect("alice", join=ticket)
    refused(alice, "send_message", {"ticket_id": ticket, "message": "hello", "client_nonce": nonce})
    assert_untouched(alice, people, ticket)


def test_an_unknown_event_is_refused(connect: Connect, people: People, ticket: str, transports: Transports):
    alice = connect("alice", transports, join=ticket)
    for event in ("delete_everything", "new_message", "*", "message", "", "__init__", "x" * 1000):
        refused(alice, event, {"ticket_id": ticket, "message": "hello"})
    assert_untouched(alice, people, ticket)


def test_bytes_instead_of_text_are_refused(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    data = {"ticket_id": ticket, "message": {"_placeholder": True, "num": 0}}
    refused(alice, "send_message", data)
    assert_untouched(alice, people, ticket)


@pytest.mark.parametrize(
    "packet",
    [
        "2",
        "2[]",
        "2{}",
        "2[{}]",
        "2[[]]",
        "2[7]",
        "2[null]",
        "2[",
        "27[",
        "9",
        "x",
        "",
        "3999[1]",
        "3[1]",
        "4",
        "6",
    ],
)
def test_a_packet_that_cannot_be_read_disturbs_nobody(
    connect: Connect, people: People, ticket: str, packet: str
):
    alice, mallory = connect("alice", join=ticket), connect("mallory")
    mallory.raw(packet)
    assert_untouched(alice, people, ticket)


def test_a_client_cannot_connect_twice_on_one_connection(connect: Connect, people: People, ticket: str):
    """`connect` and `disconnect` are words of the protocol, not something that a client may emit."""
    alice = connect("alice", join=ticket)
    alice.raw(f'2["connect",{{}},{{"token":"{people.token("alice")}"}}]')
    settle(alice)
    alice.emit("join_ticket", {"ticket_id": ticket})
    assert_untouched(alice, people, ticket)
    assert len(alice.heard("connected")) == 1


def test_a_client_cannot_take_its_place_away_and_stay(connect: Connect, people: People, ticket: str):
    alice = connect("alice", join=ticket)
    alice.raw('2["disconnect","because"]')
    settle(alice)
    assert_untouched(alice, people, ticket)


def test_connecting_twice_on_one_connection_locks_nobody_out(connect: Connect, people: People):
    """One person may have some number of connections; each must be given back when it ends."""
    ada = connect("ada")
    for _ in range(40):
        ada.raw(f'2["connect",{{}},{{"token":"{people.token("ada")}"}}]')
    settle(ada)
    ada.disconnect()
    ada.wait_for("disconnect")
    for _ in range(10):
        connect("ada")


# --- too much ----------------------------------------------------------------
def test_joining_without_end_disturbs_nobody(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    greedy, alice = connect("alice", transports), connect("alice", join=ticket)
    for number in range(300):
        known = ticket if number % 2 else f"unknown-{number}"
        greedy.emit("join_ticket", {"ticket_id": known})
    people.post_message("moira", ticket, "hello")
    assert alice.wait_for("new_message")["message"] == "hello"
    assert greedy.wait_for("error", lambda data: data["code"] == "not_found")
    moira = connect("moira", join=ticket)
    people.post_message("alice", ticket, "hello to you")
    assert moira.wait_for("new_message")["message"] == "hello to you"


def test_a_frame_beyond_the_limit_ends_its_own_connection_alone(
    connect: Connect, people: People, ticket: str, transports: Transports
):
    alice, mallory = connect("alice", join=ticket), connect("mallory", transports)
    known = len(mallory.events)
    mallory.emit("send_message", {"ticket_id": ticket, "message": "x" * 1_000_000})
    mallory.wait_for("disconnect", after=known)
    mallory.wait_for("connect", after=known)
    assert_untouched(alice, people, ticket)
