"""The outermost layer, through the real server: health, bodies, addresses."""

from __future__ import annotations

import socket
import time

import httpx
import pytest
from websockets.sync.client import connect

from tests.serving import PASSWORDS, serving

pytestmark = pytest.mark.server


def raw(server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def test_live_and_ready_have_their_documented_shape(server):
    live = httpx.get(f"{server.url}/health/live")
    assert (live.status_code, live.json().keys()) == (200, {"status", "timestamp", "uptime_seconds"})
    ready = httpx.get(f"{server.url}/health/ready").json()
    assert ready["status"] == "ready"
    assert ready["checks"]["database"] == {"status": "healthy", "message": "Database connected"}
    assert ready["checks"]["redis"]["status"] == "healthy"
    assert live.headers["Cache-Control"] == "no-store"


def test_other_health_pages_do_not_exist(server):
    assert httpx.get(f"{server.url}/health/none").status_code == 404
    assert httpx.post(f"{server.url}/health/live").status_code == 405
    assert httpx.post(f"{server.url}/api/health").status_code == 405


def test_a_huge_body_is_413_in_json_before_anybody_reads_it(server):
    with server.client("alice") as client:
        answer = client.post("/api/tickets", content=b"x" * 3_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_body_in_chunks_is_read_whole(server):
    ticket = server.open_ticket()["ticket_id"]

    def chunks():
        yield b'{"message": "in '
        yield b'two parts"}'

    with server.client("alice") as client:
        answer = client.post(
            f"/api/tickets/{ticket}/send", content=chunks(), headers={"Content-Type": "application/json"}
        )
    assert answer.json()["message"]["content"] == "in two parts"


def test_clients_that_dawdle_over_their_bodies_take_no_thread(server):
    dawdlers = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(30)]
    try:
        for connection in dawdlers:
            connection.sendall(
                b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"
            )
        started = time.monotonic()
        assert httpx.get(f"{server.url}/api/users/me").status_code == 401
        assert time.monotonic() - started < 2
    finally:
        for connection in dawdlers:
            connection.close()


def test_half_a_request_is_not_acted_on(server):
    ticket = server.open_ticket()["ticket_id"]
    bearer = f"Authorization: Bearer {server.token('moira')}\r\nContent-Type: application/json"
    head = f"POST /api/tickets/{ticket}/close HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n"
    head += "Content-Length: 40\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
    time.sleep(0.5)
    with server.client("moira") as moira:
        assert moira.get(f"/api/tickets/{ticket}").json()["status"] == "open"


def test_readers_that_dawdle_take_no_thread(server):
    large = "/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js.map"
    dawdlers = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(f"GET {large} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        dawdlers.append(connection)
    try:
        time.sleep(1)
        assert httpx.get(f"{server.url}/api/users/me", timeout=5).status_code == 401
    finally:
        for connection in dawdlers:
            connection.close()


def test_a_head_without_end_is_cut_off(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            for _ in range(40):
                connection.sendall(b"X-Padding: " + b"x" * 8000 + b"\r\n")
            answer = connection.recv(1000)  # without the limit it would wait for more, and so would we
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_a_large_body_in_one_piece_with_its_head_is_no_large_head(server):
    ticket = server.open_ticket()["ticket_id"]
    with server.client("alice") as client:
        for text in ("x" * 4000, "🦀" * 4000):
            assert client.post(f"/api/tickets/{ticket}/send", json={"message": text}).status_code == 200
        assert client.post(f"/api/tickets/{ticket}/send", json={"message": "x" * 500_000}).status_code == 400


@pytest.mark.workers
def test_answers_beside_django_are_readable_by_allowed_pages(tmp_path):
    allowed = "https://app.example.org"
    with serving(tmp_path / "data", environment={"CORS_ORIGINS": allowed}) as strict:
        answer = httpx.post(
            f"{strict.url}/api/tickets", content=b"x" * 2_000_000, headers={"Origin": allowed}
        )
        foreign = httpx.get(f"{strict.url}/health/live", headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (413, allowed)
    assert "Access-Control-Allow-Origin" not in foreign.headers


@pytest.mark.parametrize("path", ["/socket.io/?EIO=4&transport=polling", "/api/ping"])
def test_an_origin_that_is_no_address_is_a_foreign_one(server, path):
    assert httpx.get(f"{server.url}{path}", headers={"Origin": "http://["}).status_code in (400, 401)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /api/tickets?q=%FF%FE HTTP/1.1",
        b"GET /api/tickets/%00 HTTP/1.1",
        b"GET /api/tickets/%ED%A0%80 HTTP/1.1",
        b"GET /api/%2e%2e/%2e%2e/etc/passwd HTTP/1.1",
        b"GET /api/tickets/" + b"x" * 5000 + b" HTTP/1.1",
    ],
)
def test_odd_addresses_get_a_client_error_in_json(server, request_line):
    token = server.token("alice").encode()
    answer = raw(
        server,
        request_line
        + b"\r\nHost: localhost\r\nAuthorization: Bearer "
        + token
        + b"\r\nConnection: close\r\n\r\n",
    )
    status = int(answer.split(b" ", 2)[1])
    assert 400 <= status < 500 or b'"tickets":' in answer
    assert b"application/json" in answer


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 60",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
    ],
)
def test_a_request_whose_end_is_doubtful_is_refused_with_all_that_follows(server, head):
    """A proxy may have thought that it ends elsewhere."""
    smuggled = "GET /api/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    request = f"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n0\r\n\r\n{smuggled}"
    answer = raw(server, request.encode())
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1


def test_a_foreign_host_name_is_400_in_json(server):
    answer = httpx.get(f"{server.url}/api/ping", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_no_secret_of_a_conversation_is_in_a_log(server):
    token, ticket = server.token("alice"), server.open_ticket()["ticket_id"]
    with connect(f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket}/?token={token}") as socket_of_alice:
        socket_of_alice.recv()
    httpx.get(f"{server.url}/api/ping?token={token}", headers={"Authorization": f"Bearer {token}"})
    httpx.post(f"{server.url}/api/auth/login", json={"username": "alice", "password": "guess-guess-guess"})
    logged = server.log + "".join(file.read_text() for file in (server.data / "logs").glob("*.log"))
    assert "/api/ping" in logged
    for secret in (token, PASSWORDS["alice"], "guess-guess-guess", "only-for-the-tests-5"):
        assert secret not in logged


def test_the_pages_and_their_files_are_served(server):
    page = httpx.get(f"{server.url}/")
    assert page.status_code == 200
    assert httpx.get(f"{server.url}/static/admin/css/base.css").status_code == 200
    assert httpx.get(f"{server.url}/api/docs/").status_code == 200
