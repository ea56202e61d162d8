"""The real server and its probes: shapes, several processes, a full house, a database that is stuck."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from tests.backends import Private, private_postgres
from tests.serving import Server, web_alone

pytestmark = [pytest.mark.server, pytest.mark.workers]
SLOW = 0.4
"""Seconds that a busy machine may add."""
PATHS = ("/health/live", "/health/ready", "/health/metrics", "/metrics", "/api/health")
DETAILED = "/api/health?detailed=true"


def figures(server: Server) -> dict[tuple[str, ...], float]:
    text = httpx.get(f"{server.url}/metrics", timeout=10).raise_for_status().text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for found in text_string_to_metric_families(text)
        for sample in found.samples
    }


def test_they_are_for_everybody_and_kept_by_nobody(server):
    for path in PATHS:
        answer = httpx.get(f"{server.url}{path}", headers={"Host": "10.0.0.7", "X-Request-ID": "a-probe-1"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path
        assert answer.headers["X-Request-ID"] == "a-probe-1"
        head = httpx.head(f"{server.url}{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert httpx.post(f"{server.url}{path}").status_code == 405
    assert httpx.get(f"{server.url}/metrics").headers["Content-Type"].startswith("text/plain; version=")


def test_what_is_neither_yes_nor_no_is_400(server):
    answer = httpx.get(f"{server.url}/api/health?detailed=maybe")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json().keys() == {"error", "code", "fields", "request_id"}


def test_metrics_as_json_have_their_documented_shape(server):
    body = httpx.get(f"{server.url}/health/metrics").json()
    assert body.keys() == {"uptime_seconds", "timestamp", "system", "database", "redis"}
    assert body["system"].keys() == {"cpu_percent", "memory_percent", "disk_percent"}
    assert all(0 <= value <= 100 for value in body["system"].values())
    database = body["database"]
    assert database.keys() == {
        "connections_created", "connections_closed", "total_queries", "failed_queries", "success_rate",
        "status",
    }  # fmt: skip
    assert (database["status"], body["redis"]) == ("up", {"status": "up"})
    httpx.get(f"{server.url}/api/ping", headers={"Authorization": f"Bearer {server.token('alice')}"})
    later = httpx.get(f"{server.url}/health/metrics").json()["database"]
    assert later["total_queries"] > database["total_queries"]


def test_a_worker_is_seen_and_missed_when_it_is_killed(server):
    def workers() -> dict:
        return httpx.get(f"{server.url}{DETAILED}", timeout=5).json()["checks"]["workers"]

    deadline = time.monotonic() + 15
    while workers() != {"status": "ok", "count": 1} and time.monotonic() < deadline:
        time.sleep(0.2)
    assert workers() == {"status": "ok", "count": 1}
    assert figures(server)["hazebot_workers",] == 1


def test_requests_are_counted_by_route_and_never_by_path(server):
    ticket = server.open_ticket()["ticket_id"]
    with server.client("alice") as alice:
        before = figures(server).get(("hazebot_http_requests_total", "GET", ROUTE, "200"), 0)
        for _ in range(3):
            alice.get(f"/api/tickets/{ticket}")
        alice.get("/api/tickets/no-such-ticket")
        found = figures(server)
    assert found["hazebot_http_requests_total", "GET", ROUTE, "200"] == before + 3
    assert found["hazebot_http_requests_total", "GET", ROUTE, "404"] >= 1
    assert found["hazebot_http_request_duration_seconds_count", "GET", ROUTE] >= 4
    assert not [key for key in found if any(ticket in part for part in key)]
    assert found["hazebot_messages_posted_total", "message"] >= 1


ROUTE = "api/tickets/<str:ticket_id>"


def test_open_sockets_are_counted(server):
    token = server.token("alice")
    with connect(f"ws://127.0.0.1:{server.port}/ws/tickets/?token={token}") as listener:
        listener.recv()
        assert figures(server)["hazebot_sockets_open", "websocket"] == 1
    deadline = time.monotonic() + 5
    while figures(server)["hazebot_sockets_open", "websocket"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert figures(server)["hazebot_sockets_open", "websocket"] == 0


@pytest.mark.workers
def test_two_processes_tell_the_same_and_a_killed_one_takes_nothing_along(tmp_path):
    key = ("hazebot_http_requests_total", "GET", "api/ping", "401")
    servers = [Server(tmp_path / "data", command=("web",)) for _ in range(2)]
    servers[0].prepare()
    try:
        for server in servers:
            server.start()
        for server, times in zip(servers, (3, 4), strict=True):
            for _ in range(times):
                httpx.get(f"{server.url}/api/ping")
        assert [figures(server)[key] for server in servers] == [7, 7]
        seen = [key for key in figures(servers[0]) if key[0] == "hazebot_process_memory_bytes"]
        assert [key[-1] for key in seen] == ["web"] * 2
        psutil.Process(servers[1].process.pid).kill()
        servers[1].process.wait()
        servers[1].start()
        httpx.get(f"{servers[1].url}/api/ping")
        assert [figures(server)[key] for server in servers] == [8, 8]
    finally:
        for server in servers:
            server.stop()


# --- a full house ------------------------------------------------------------
@pytest.mark.workers
def test_probes_are_answered_while_every_thread_is_taken(tmp_path):
    with web_alone(tmp_path / "data") as server:
        stop, token = threading.Event(), server.token("ada")
        waited: list[float] = []

        def keep_busy() -> None:
            with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
                while not stop.is_set():
                    waited.append(client.get(f"{server.url}/api/schema").elapsed.total_seconds())

        with ThreadPoolExecutor(24) as crowd:
            for _ in range(24):
                crowd.submit(keep_busy)
            try:
                time.sleep(2)
                with httpx.Client(timeout=60) as probe:
                    answers = [probe.get(f"{server.url}{path}") for path in (*PATHS, DETAILED)]
            finally:
                stop.set()
    assert {answer.status_code for answer in answers} <= {200, 503}
    # Whoever waits for a thread waits for all who came before; a busy machine slows everybody alike.
    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    assert slowest < statistics.median(waited) / 2, (slowest, sorted(waited))


# --- the database is stuck ---------------------------------------------------
@pytest.fixture
def database() -> Iterator[Private]:
    with private_postgres() as started:
        yield started
        for process in family(started):
            process.resume()


def family(database: Private) -> list[psutil.Process]:
    parent = psutil.Process(database.process.pid)
    return [parent, *parent.children(recursive=True)]


@pytest.mark.postgres
@pytest.mark.workers
def test_everything_answers_while_postgresql_is_stuck(database, tmp_path):
    with web_alone(tmp_path / "data", DATABASE_URL=database.address) as server:
        before = figures(server)
        for process in family(database):
            process.send_signal(signal.SIGSTOP)
        for _ in range(3):
            ready = httpx.get(f"{server.url}/health/ready", timeout=5)
            assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
            assert ready.json()["checks"]["database"]["status"] == "unhealthy"
            assert ready.elapsed.total_seconds() < 1.1 + SLOW
        health = httpx.get(f"{server.url}{DETAILED}", timeout=5)
        checks = health.json()["checks"]
        assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
        assert health.elapsed.total_seconds() < 1.1 + SLOW
        assert (checks["memory"]["status"], checks["sessions"]["status"]) == ("ok", "error")
        assert httpx.get(f"{server.url}/health/live", timeout=5).status_code == 200
        assert httpx.get(f"{server.url}/api/health", timeout=5).status_code == 200
        assert httpx.get(f"{server.url}/health/metrics", timeout=5).json()["database"]["status"] == "down"
        stuck = figures(server)
        assert (before["hazebot_source_up", "jobs"], stuck["hazebot_source_up", "jobs"]) == (1, 0)
        assert stuck["hazebot_http_requests_total", "GET", "health/ready", "503"] == 3
        for process in family(database):
            process.send_signal(signal.SIGCONT)
        server.await_ready(10)
        assert figures(server)["hazebot_source_up", "jobs"] == 1
