"""Redis is a hint: two web processes and a socket at one of them, while it is frozen, back, and killed."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.backends import Private, private_redis
from tests.serving import Server

pytestmark = [pytest.mark.server, pytest.mark.redis]
SLOW = 0.4
"""Seconds that a busy machine may add."""
PATIENCE = 10.0
"""Seconds after the last fault within which everybody has everything."""


@dataclass
class Listener:
    """Everything one socket was told, as it came."""

    connection: ClientConnection
    steps: list[int] = field(default_factory=list)

    def listen(self) -> Listener:
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _read(self) -> None:
        for raw in self.connection:
            frame = json.loads(raw)
            if frame["type"] == "new_message":
                self.steps.append(frame["seq"])

    def hears(self, upto: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and (not self.steps or self.steps[-1] < upto):
            time.sleep(0.05)
        assert self.steps == list(range(3, upto + 1))


@pytest.fixture
def cache() -> Iterator[Private]:
    with private_redis() as started:
        yield started
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGCONT)


@pytest.fixture
def pair(cache: Private, tmp_path: Any) -> Iterator[list[Server]]:
    there = {"REDIS_URL": cache.address, "RATELIMIT_ENABLE": "true"}
    servers = [Server(tmp_path / "data", command=("web",), environment=there) for _ in range(2)]
    servers[0].prepare()
    try:
        yield [server.start() for server in servers]
    finally:
        for server in servers:
            server.stop()


def test_nothing_is_lost_doubled_or_reordered_while_redis_is_frozen_and_killed(pair, cache):
    writer, reader = pair
    ticket = writer.open_ticket()["ticket_id"]
    place = 2
    address = f"ws://127.0.0.1:{reader.port}/ws/tickets/{ticket}/?token={reader.token('alice')}"

    def say(client: httpx.Client, times: int) -> int:
        for _ in range(times):
            answer = client.post(f"/api/tickets/{ticket}/send", json={"message": "x"})
            assert answer.status_code == 200
        return place + times

    with connect(address) as connection, writer.client("moira") as moira:
        listener = Listener(connection).listen()
        place = say(moira, 3)
        listener.hears(place)

        cache.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        place = say(moira, 5)
        assert time.monotonic() - started < 4
        listener.hears(place)
        ready = httpx.get(f"{reader.url}/health/ready", timeout=5)
        assert (ready.status_code, ready.json()["checks"]["redis"]["status"]) == (503, "unhealthy")
        assert ready.elapsed.total_seconds() < 1.1 + SLOW
        health = httpx.get(f"{reader.url}/api/health?detailed=true", timeout=5)
        assert (health.status_code, health.json()["checks"]["cache"]["status"]) == (503, "error")
        assert httpx.get(f"{reader.url}/health/metrics", timeout=5).json()["redis"] == {"status": "down"}
        assert "hazebot_jobs" in httpx.get(f"{reader.url}/metrics", timeout=5).text

        cache.process.send_signal(signal.SIGCONT)
        place = say(moira, 3)
        listener.hears(place)

        cache.process.kill()
        place = say(moira, 5)
        listener.hears(place)
