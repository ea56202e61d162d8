"""Two web processes that share a database and a Redis: what is said in one is heard in the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.node.conftest import WEBSOCKET, People
from tests.node.driver import NodeClient
from tests.serving import Server

pytestmark = [pytest.mark.node, pytest.mark.server, pytest.mark.redis]

REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
AT_ONCE = 1.0
"""Seconds. A process that was told nothing by Redis would look at the database later than that."""


@dataclass
class Pair:
    """Two processes; a token of one is good at the other."""

    first: People
    second: People


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    data = tmp_path_factory.mktemp("servers")
    servers = [Server(data, command=("web",), environment={"REDIS_URL": REDIS_URL}) for _ in range(2)]
    servers[0].prepare()
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.start, servers))
        people = [People(server) for server in servers]
        # Signing in takes long on purpose; what is timed below must not wait for it.
        people[0].rest("moira")
        yield Pair(*people)
        for one in people:
            one.close()
    finally:
        for server in servers:
            server.stop()


@pytest.fixture
def ticket(pair: Pair) -> Iterator[str]:
    body = {"subject": "It does not start", "description": "Since this morning nothing happens."}
    ticket_id: str = pair.first.call("alice", "POST", "/api/tickets", **body)["ticket_id"]
    yield ticket_id
    pair.second.rest("ada").delete(f"/api/tickets/{ticket_id}")


@pytest.fixture
def enter(client: Callable[[], NodeClient], ticket: str) -> Callable[[People, str], NodeClient]:
    """Connects a person to one of the processes and joins the ticket there."""

    def connect(people: People, name: str) -> NodeClient:
        fresh = client()
        fresh.connect(people.url, {"token": people.token(name)}, WEBSOCKET)
        fresh.wait_for("connect")
        assert fresh.call("join_ticket", {"ticket_id": ticket})["ok"]
        return fresh

    return connect


Enter = Callable[[People, str], NodeClient]


def test_a_message_by_rest_in_one_is_heard_at_once_in_the_other(pair: Pair, enter: Enter, ticket: str):
    alice = enter(pair.second, "alice")
    for number in range(5):
        text = f"from the first, {number}"
        said_at = time.time()
        message = pair.first.post_message("moira", ticket, text)
        heard = alice.wait_for_heard("new_message", lambda data, text=text: data["message"] == text)
        assert heard.data["messageData"] == message
        assert heard.at - said_at < AT_ONCE


def test_two_people_at_two_processes_talk(pair: Pair, enter: Enter, ticket: str):
    alice, moira = enter(pair.first, "alice"), enter(pair.second, "moira")
    for client, other, text in ((alice, moira, "is anybody there?"), (moira, alice, "I am")):
        said_at = time.time()
        assert client.call("send_message", {"ticket_id": ticket, "message": text})["ok"]
        heard = other.wait_for_heard("new_message", lambda data, text=text: data["message"] == text)
        assert heard.at - said_at < AT_ONCE
    moira.wait_for("ticket_update", lambda data: data["data"]["content"] == "I am")
    assert [data["message"] for data in moira.heard("new_message")] == ["is anybody there?", "I am"]


def test_typing_crosses_between_the_processes(pair: Pair, enter: Enter, ticket: str):
    alice, moira = enter(pair.first, "alice"), enter(pair.second, "moira")
    alice.emit("typing", {"ticket_id": ticket, "user_name": "somebody else"})
    assert moira.wait_for("typing", timeout=AT_ONCE) == {"ticket_id": ticket, "user_name": "alice"}


def test_a_note_in_one_stays_with_staff_in_the_other(pair: Pair, enter: Enter, ticket: str):
    alice, moira = enter(pair.second, "alice"), enter(pair.second, "moira")
    pair.first.call("moira", "POST", f"/api/tickets/{ticket}/notes", message="a difficult one")
    pair.first.post_message("moira", ticket, "hello")
    for client in (alice, moira):
        client.wait_for("ticket_update", lambda data: data["data"]["content"] == "hello")
    assert [data["message"] for data in moira.heard("new_message")] == ["a difficult one", "hello"]
    assert [data["message"] for data in alice.heard("new_message")] == ["hello"]


def test_logging_out_at_one_drops_the_socket_at_the_other(pair: Pair, client: Callable[[], NodeClient]):
    token = pair.first.sign_in("alice")
    phone = client()
    phone.connect(pair.second.url, {"token": token}, WEBSOCKET)
    phone.wait_for("connect")
    pair.first.rest("alice").post("/api/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert phone.wait_for("disconnect", timeout=AT_ONCE) == {"reason": "io server disconnect"}


def test_messages_of_both_sides_at_once_have_one_order_everywhere(pair: Pair, enter: Enter, ticket: str):
    alice, moira = enter(pair.first, "alice"), enter(pair.second, "moira")
    for number in range(10):
        alice.emit("send_message", {"ticket_id": ticket, "message": f"alice {number}"})
        moira.emit("send_message", {"ticket_id": ticket, "message": f"moira {number}"})
    for client in (alice, moira):
        client.wait_for("ticket_update", lambda data: data["seq"] == 22)
        steps = [(data["prev_seq"], data["seq"]) for data in client.heard("ticket_update")]
        assert steps == [(seq - 1, seq) for seq in range(3, 23)]
    assert alice.heard("new_message") == moira.heard("new_message")
