"""People with real clients: `connect("alice")` gives a connected `NodeClient`, `people` signs in for REST."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.node.driver import FOLDER, NodeClient
from tests.serving import Server

LOCK, INSTALLED = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
POLLING, WEBSOCKET = ("polling",), ("websocket",)
UPGRADE = (*POLLING, *WEBSOCKET)
"""What the library does when it is told nothing."""

Connect = Callable[..., NodeClient]


class People:
    """The cast at one server, each signed in once: hashing passwords takes most of a test's time."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.sign_in = server.token
        """A token of a sign-in of its own."""
        self.token = cache(server.token)
        self._clients: dict[str, httpx.Client] = {}

    def rest(self, name: str) -> httpx.Client:
        if name not in self._clients:
            headers = {"Authorization": f"Bearer {self.token(name)}"}
            self._clients[name] = httpx.Client(base_url=self.url, headers=headers, timeout=15)
        return self._clients[name]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def call(self, name: str, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Call the API as this person; what it refuses is a failure."""
        answer = self.rest(name).request(method, path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    def post_message(self, name: str, ticket_id: str, text: str) -> dict[str, Any]:
        path = f"/api/tickets/{ticket_id}/send"
        message: dict[str, Any] = self.call(name, "POST", path, message=text)["message"]
        return message

    def messages(self, name: str, ticket_id: str) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            after = found[-1]["seq"] if found else 0
            path = f"/api/tickets/{ticket_id}/messages?after_seq={after}&limit=200"
            portion = self.call(name, "GET", path)["messages"]
            found += portion
            if len(portion) < 200:
                return found


def settle(client: NodeClient) -> None:
    """Wait until everything that was sent to this client has arrived.

    An acknowledgement may overtake events; an event never overtakes another.
    """
    known = len(client.events)
    client.emit("join_ticket", {"ticket_id": "nobody-has-this-one"})
    client.wait_for("error", lambda data: data.get("ticket_id") == "nobody-has-this-one", after=known)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of the lock file. Without Node.js this fails: nothing else covers these tests."""
    for program in ("node", "npm"):
        assert shutil.which(program), f"{program} is not installed; these tests need Node.js 20 or newer"
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        INSTALLED.touch()
    return INSTALLED.parent


@pytest.fixture(scope="session")
def node_clients(node_modules: Path) -> Iterator[list[NodeClient]]:
    """Processes that nobody uses at the moment: starting Node takes longer than most tests."""
    idle: list[NodeClient] = []
    yield idle
    for client in idle:
        client.close()


@pytest.fixture
def client(node_clients: list[NodeClient]) -> Iterator[Callable[[], NodeClient]]:
    """Makes clients that are not connected yet."""
    used: list[NodeClient] = []

    def take() -> NodeClient:
        used.append(node_clients.pop() if node_clients else NodeClient())
        return used[-1]

    yield take
    for one in used:
        one.reset()
        node_clients.append(one)


@pytest.fixture(params=[POLLING, WEBSOCKET, UPGRADE], ids=["polling", "websocket", "upgrade"])
def transports(request: pytest.FixtureRequest) -> tuple[str, ...]:
    chosen: tuple[str, ...] = request.param
    return chosen


@pytest.fixture(scope="module")
def people(server: Server) -> Iterator[People]:
    cast = People(server)
    yield cast
    cast.close()


@pytest.fixture
def ticket(people: People) -> Iterator[str]:
    """The id of a fresh ticket of Alice's. It is deleted afterwards: she may only have a few."""
    body = {"subject": "It does not start", "description": "Since this morning nothing happens."}
    ticket_id: str = people.call("alice", "POST", "/api/tickets", **body)["ticket_id"]
    yield ticket_id
    people.rest("ada").delete(f"/api/tickets/{ticket_id}")


@pytest.fixture
def connect(client: Callable[[], NodeClient], people: People) -> Connect:
    """`connect("alice")`, or `connect("alice", join=ticket)` to be in a ticket already."""

    def enter(name: str, transports: tuple[str, ...] = WEBSOCKET, *, join: str = "") -> NodeClient:
        fresh = client()
        fresh.connect(people.url, {"token": people.token(name)}, transports)
        fresh.wait_for("connect")
        if join:
            assert fresh.call("join_ticket", {"ticket_id": join})["ok"]
        return fresh

    return enter
