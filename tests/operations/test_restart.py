"""A restart that nobody notices: two web processes at one socket that outlives them, as systemd holds it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.serving import ROOT, Server

pytestmark = [pytest.mark.server, pytest.mark.workers]
AS_SYSTEMD = f'export LISTEN_PID=$$ LISTEN_FDS=1; exec "{sys.executable}" manage.py web 3<&"$HELD"'


class Pair:
    def __init__(self, data: Path) -> None:
        self.held = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.server = Server(data, port=self.held.getsockname()[1])
        self.server.prepare()
        self.count = 0
        self.processes = [self.start(), self.start()]

    def start(self) -> subprocess.Popen[bytes]:
        """One more, ready."""
        self.count += 1
        out, number = self.server.data / f"web{self.count}.out", self.held.fileno()
        with out.open("wb") as file:
            process = subprocess.Popen(
                ["bash", "-c", AS_SYSTEMD],
                env=self.server.surroundings() | {"HELD": str(number)},
                cwd=ROOT, stdout=file, stderr=file, pass_fds=[number],
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while b"answers at" not in out.read_bytes():
            assert process.poll() is None and time.monotonic() < deadline, out.read_text()
            time.sleep(0.05)
        return process

    def restart(self, which: int) -> None:
        self.processes[which].send_signal(signal.SIGTERM)
        assert self.processes[which].wait(15) in (0, -signal.SIGTERM)  # uvicorn ends by it, drained
        self.processes[which] = self.start()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    pair = Pair(tmp_path / "data")
    yield pair
    for process in pair.processes:
        process.terminate()
        process.wait(15)
    pair.held.close()


def test_a_restart_of_one_after_the_other_loses_no_request(pair):
    ticket = pair.server.open_ticket()["ticket_id"]
    bearer = {"Authorization": f"Bearer {pair.server.token('alice')}"}
    told: list[str] = []
    failed: list[str] = []
    stop = threading.Event()

    def talk(kept_open: bool) -> None:
        client = httpx.Client(base_url=pair.server.url, headers=bearer, timeout=30)
        while not stop.is_set():
            name = f"{threading.get_ident()}-{len(told)}-{time.monotonic()}"
            asked = (
                client if kept_open else httpx.Client(base_url=pair.server.url, headers=bearer, timeout=30)
            )
            try:
                answer = asked.post(f"/api/tickets/{ticket}/send", json={"message": name})
                (told if answer.status_code == 200 else failed).append(name)
            except httpx.HTTPError as error:
                failed.append(repr(error))

    people = [threading.Thread(target=talk, args=(kept_open,)) for kept_open in (False, False, True)]
    for person in people:
        person.start()
    try:
        for which in (0, 1, 0):
            pair.restart(which)
        before = len(told)
        time.sleep(1)
        assert len(told) > before
    finally:
        stop.set()
        for person in people:
            person.join()
    assert failed == []
    with httpx.Client(base_url=pair.server.url, headers=bearer, timeout=30) as client:
        stored, after = set(), 0
        while page := client.get(f"/api/tickets/{ticket}/messages?after_seq={after}&limit=200").json()[
            "messages"
        ]:
            stored |= {message["content"] for message in page}
            after = page[-1]["seq"]
    assert set(told) <= stored


def test_sockets_are_told_to_come_again_and_can_at_once(pair):
    address = f"ws://127.0.0.1:{pair.server.port}/ws/tickets/?token={pair.server.token('alice')}"
    with ExitStack() as stack:
        sockets = [stack.enter_context(connect(address)) for _ in range(6)]
        pair.restart(0)
        pair.restart(1)
        for told in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    told.recv(timeout=10)
            assert closed.value.rcvd.code == 1012
            with connect(address) as again:
                assert again.recv(timeout=10)


def test_what_is_meant_for_another_process_is_not_taken(tmp_path):
    """As the children of who was activated inherit the variables."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
        server = Server(tmp_path / "data", command=("web",), environment=environment)
        assert server.port != held.getsockname()[1]
        server.prepare()
        try:
            server.start()
        finally:
            server.stop()
