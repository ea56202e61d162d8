"""The server dies in the middle of a conversation. Nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.node.conftest import POLLING, UPGRADE, WEBSOCKET, Connect, People
from tests.node.driver import NodeClient
from tests.serving import Server

pytestmark = [pytest.mark.node, pytest.mark.server]

TALKING_SECONDS = 1.0
RETRY_SECONDS = 0.1

Send = Callable[[str, str], bool]


class Talker(threading.Thread):
    """Sends numbered messages, each again and again with its nonce until the server says that it has it."""

    def __init__(self, name: str, send: Send) -> None:
        super().__init__(name=name, daemon=True)
        self.send = send
        self.acknowledged: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.enough.is_set():
            number += 1
            text = f"{self.name} {number}"
            while not self.send(text, f"{self.name}-{number}"):
                time.sleep(RETRY_SECONDS)
            self.acknowledged.append(text)
            time.sleep(0.05)

    def stop(self) -> None:
        self.enough.set()
        self.join(30)
        assert not self.is_alive(), f"{self.name} never got an answer for its last message"


class Follower:
    """What a careful client does: on each connection it asks for everything after the last step it knows."""

    def __init__(self, client: NodeClient, ticket: str) -> None:
        self.client, self.ticket = client, ticket
        self.position = 0
        self.last_seq = 0
        self.steps: list[tuple[int, int]] = []
        self.shown: list[str] = []

    def follow(self, until: Callable[[], bool], timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while not until():
            assert time.monotonic() < deadline, f"stuck after step {self.last_seq}"
            for heard in self.client.events[self.position :]:
                self.position += 1
                self._hear(heard.event, heard.data)
            time.sleep(0.02)

    def _hear(self, event: str, data: Any) -> None:
        if event == "connect":
            self.client.emit("join_ticket", {"ticket_id": self.ticket, "after_seq": self.last_seq})
        elif event == "message_history":
            for step in data["events"]:
                self._show(step["prev_seq"], step["seq"], step["data"])
        elif event == "ticket_update":
            self._show(data["prev_seq"], data["seq"], data["data"])

    def _show(self, prev_seq: int, seq: int, data: dict[str, Any]) -> None:
        self.steps.append((prev_seq, seq))
        self.last_seq = seq
        if "content" in data:
            self.shown.append(data["content"])


def talk_by_socket(client: NodeClient, ticket: str) -> Send:
    def send(text: str, nonce: str) -> bool:
        try:
            said = {"ticket_id": ticket, "message": text, "client_nonce": nonce}
            return bool(client.call("send_message", said, timeout=1)["ok"])
        except TimeoutError:
            return False

    return send


def talk_by_rest(url: str, token: str, ticket: str) -> Send:
    def send(text: str, nonce: str) -> bool:
        body = {"message": text, "client_nonce": nonce}
        try:
            path = f"{url}/api/tickets/{ticket}/send"
            answer = httpx.post(path, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=3)
        except httpx.HTTPError:
            return False
        return answer.is_success

    return send


def kill_the_supervisor(server: Server) -> None:
    """With SIGKILL. Its children notice and end; then everything is started again."""
    assert server.process is not None
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    await_free(server.port)
    server.start()


def kill_the_web_process(server: Server) -> None:
    """With SIGKILL. The supervisor starts another one."""
    assert server.process is not None
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (child,) = (each for each in children if Path(f"/proc/{each}/cmdline").read_bytes().endswith(b"\0web\0"))
    os.kill(int(child), signal.SIGKILL)
    await_free(server.port)
    server.await_ready(30)


def await_free(port: int, timeout: float = 15) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise AssertionError(f"somebody still answers at port {port}")


@pytest.mark.parametrize(
    ("kill", "transports"),
    [
        (kill_the_supervisor, POLLING),
        (kill_the_supervisor, WEBSOCKET),
        (kill_the_web_process, UPGRADE),
    ],
)
def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed(
    connect: Connect,
    server: Server,
    people: People,
    ticket: str,
    transports: tuple[str, ...],
    kill: Callable[[Server], None],
):
    client = connect("alice", transports)
    follower = Follower(client, ticket)
    alice = Talker(f"alice-{ticket}", talk_by_socket(client, ticket))
    moira = Talker(f"moira-{ticket}", talk_by_rest(people.url, people.token("moira"), ticket))
    talkers = (alice, moira)
    for talker in talkers:
        talker.start()
    start = time.monotonic()
    follower.follow(lambda: time.monotonic() - start > TALKING_SECONDS)
    before = [len(talker.acknowledged) for talker in talkers]
    kill(server)
    resumed = [count + 5 for count in before]
    follower.follow(
        lambda: all(len(talker.acknowledged) >= count for talker, count in zip(talkers, resumed, strict=True))
    )
    for talker in talkers:
        talker.stop()
    assert_told_once(follower, people.messages("moira", ticket), talkers)


def assert_told_once(follower: Follower, stored: list[dict[str, Any]], talkers: tuple[Talker, ...]) -> None:
    """Stored once, shown once, in one unbroken order."""
    texts = [message["content"] for message in stored]
    follower.follow(lambda: follower.last_seq >= stored[-1]["seq"])
    assert len(set(texts)) == len(texts)
    for talker in talkers:
        assert [text for text in texts if text.startswith(talker.name)] == talker.acknowledged
    assert follower.shown == texts
    assert [prev_seq for prev_seq, _seq in follower.steps] == [
        0,
        *(seq for _prev_seq, seq in follower.steps[:-1]),
    ]
    assert len(follower.client.heard("connect")) >= 2
