"""`manage.py serve` as its operator meets it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import psutil
import pytest
import socketio
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.serving import Server, free_port, serving

pytestmark = [pytest.mark.workers, pytest.mark.server]


def children(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children(recursive=True)


def gone_within(processes: list[psutil.Process], seconds: float) -> bool:
    _gone, alive = psutil.wait_procs(processes, timeout=seconds)
    return not alive


@pytest.fixture
def fresh(tmp_path: Path):
    with serving(tmp_path / "data") as server:
        yield server


def test_it_answers_and_is_modest(fresh):
    assert httpx.get(f"{fresh.url}/health/live").json()["status"] == "alive"
    processes = [psutil.Process(fresh.process.pid), *children(fresh)]
    assert sum(process.memory_info().rss for process in processes) < 500 * 2**20


def test_sigterm_drains_in_time_and_leaves_nothing(fresh):
    left = children(fresh)
    started = time.monotonic()
    fresh.process.send_signal(signal.SIGTERM)
    assert fresh.process.wait(15) == 0
    assert time.monotonic() - started < 15
    assert gone_within(left, 1)


@pytest.mark.workers
def test_open_sockets_and_waiting_polls_do_not_hold_it_up(fresh):
    token = fresh.token("alice")
    poller = socketio.SimpleClient()
    poller.connect(fresh.url, auth={"token": token}, transports=["polling"])
    with connect(f"ws://127.0.0.1:{fresh.port}/ws/tickets/?token={token}") as listener:
        started = time.monotonic()
        fresh.process.send_signal(signal.SIGTERM)
        assert fresh.process.wait(15) == 0
        assert time.monotonic() - started < 4
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                listener.recv()
    assert closed.value.rcvd.code == 1012
    poller.disconnect()


@pytest.mark.workers
def test_a_request_in_hand_is_answered_before_the_end(fresh):
    with socket.create_connection(("127.0.0.1", fresh.port)) as slow:
        slow.sendall(b"POST /api/auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.3)
        fresh.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        slow.sendall(b"}")
        assert b"HTTP/1.1 401" in slow.recv(4096)


@pytest.mark.workers
def test_a_killed_child_is_started_again(fresh):
    web = children(fresh)[0]
    web.kill()
    deadline = time.monotonic() + 20
    fresh.await_ready(20)
    assert children(fresh)[0].pid != web.pid
    assert time.monotonic() < deadline


@pytest.mark.workers
def test_children_are_gone_when_the_supervisor_is_killed(fresh):
    left = children(fresh)
    os.kill(fresh.process.pid, signal.SIGKILL)
    fresh.process.wait()
    assert gone_within(left, 12)


@pytest.mark.workers
def test_a_taken_port_is_one_sentence_and_no_endless_trying(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = Server(tmp_path / "data", port=taken.getsockname()[1])
        with pytest.raises(AssertionError):
            server.start(wait=15)
        assert server.process.wait(60) == 78
        assert f"cannot listen on 127.0.0.1:{server.port}" in server.log


def test_a_bad_setting_is_one_sentence(tmp_path):
    server = Server(tmp_path / "data", port=free_port(), environment={"JWT_TTL_DAYS": "30"})
    with pytest.raises(AssertionError):
        server.start(wait=15)
    assert server.process.wait(5) == 78
    assert server.log.count("\n") == 1
    assert "7 days at most" in server.log


@pytest.mark.workers
def test_nothing_acknowledged_is_lost_by_a_sigkill_of_everything(tmp_path):
    with serving(tmp_path / "data") as server:
        ticket = server.open_ticket()
        url = f"/api/tickets/{ticket['ticket_id']}"
        token, acknowledged = server.token("alice"), []
        bearer = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=bearer) as client:
            for number in range(40):
                if number == 30:
                    for process in [psutil.Process(server.process.pid), *children(server)]:
                        process.kill()
                try:
                    body = {"message": f"m{number}", "client_nonce": f"n{number}"}
                    acknowledged.append(client.post(f"{url}/send", json=body).json()["message"])
                except httpx.HTTPError:
                    break
        server.process.wait()
        server.start()

        with httpx.Client(base_url=server.url, headers=bearer) as client:
            for message in acknowledged[-3:]:  # a client that did not get the answer asks again
                body = {"message": message["content"], "client_nonce": message["client_nonce"]}
                assert client.post(f"{url}/send", json=body).json()["message"] == message
            stored = client.get(f"{url}/messages?after_seq=2&limit=200").json()["messages"]
    assert len(acknowledged) >= 30
    assert stored[: len(acknowledged)] == acknowledged
    assert [message["seq"] for message in stored] == list(range(3, 3 + len(stored)))
