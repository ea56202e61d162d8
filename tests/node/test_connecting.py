"""Who may connect, over which transport, and what ends a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.node.conftest import UPGRADE, Connect, People
from tests.node.driver import NodeClient

pytestmark = [pytest.mark.node, pytest.mark.server]

NewClient = Callable[[], NodeClient]
Transports = tuple[str, ...]


def refusal(client: NodeClient, url: str, auth: Any, transports: Transports) -> str:
    """What the client is told instead of being connected."""
    client.connect(url, auth, transports)
    message: str = client.wait_for("connect_error")["message"]
    assert not client.heard("connect")
    return message


def test_a_token_opens_the_connection(client: NewClient, people: People, transports: Transports):
    alice = client()
    alice.connect(people.url, {"token": people.token("alice")}, transports)
    alice.wait_for("connect")
    assert alice.heard("open") == [{"transport": transports[0]}]


def test_the_default_transports_end_on_a_websocket_that_works(connect: Connect, ticket: str):
    alice = connect("alice", UPGRADE)
    assert alice.wait_for("upgrade") == {"transport": "websocket"}
    assert alice.call("join_ticket", {"ticket_id": ticket})["ok"]


@pytest.mark.parametrize(
    "auth",
    [
        None,
        {},
        {"token": ""},
        {"token": None},
        {"token": 7},
        {"token": ["x"]},
        {"token": "not.a.token"},
        {"token": "\x00"},
        {"token": "ü" * 5000},
    ],
    ids=["nothing", "empty", "blank", "null", "number", "array", "bad", "nul", "long"],
)
def test_without_a_good_token_nobody_gets_in(client: NewClient, people: People, auth: Any):
    assert refusal(client(), people.url, auth, UPGRADE) == "unauthorized"


def test_a_forged_token_is_refused(client: NewClient, people: People, transports: Transports):
    head, body, _signature = people.token("alice").split(".")
    forged = f"{head}.{body}.{'A' * 43}"
    assert refusal(client(), people.url, {"token": forged}, transports) == "unauthorized"


def test_a_token_of_an_ended_session_is_refused(client: NewClient, people: People, transports: Transports):
    token = people.sign_in("mallory")
    people.rest("mallory").post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert refusal(client(), people.url, {"token": token}, transports) == "unauthorized"


def test_logging_out_drops_the_socket_and_says_why(client: NewClient, people: People, transports: Transports):
    token = people.sign_in("alice")
    alice = client()
    alice.connect(people.url, {"token": token}, transports)
    alice.wait_for("connect")
    people.rest("alice").post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert alice.wait_for("disconnect") == {"reason": "io server disconnect"}
    assert alice.heard("error")[0]["code"] == "unauthorized"
    names = [heard.event for heard in alice.events]
    assert names.index("error") < names.index("disconnect")


def test_logging_out_leaves_the_other_sign_ins_connected(
    client: NewClient, connect: Connect, people: People, ticket: str
):
    token, phone, desktop = people.sign_in("alice"), client(), connect("alice", join=ticket)
    phone.connect(people.url, {"token": token}, UPGRADE)
    phone.wait_for("connect")
    people.rest("alice").post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    phone.wait_for("disconnect")
    people.post_message("moira", ticket, "still there?")
    assert desktop.wait_for("new_message")["message"] == "still there?"
    assert not desktop.heard("disconnect")


def test_a_lost_connection_comes_back_by_itself(connect: Connect, transports: Transports):
    alice = connect("alice", transports)
    before = len(alice.events)
    alice.cut()
    alice.wait_for("disconnect", after=before)
    alice.wait_for("connect", after=before)
