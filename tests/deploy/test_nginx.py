"""A real nginx with the committed configuration, before two real web processes."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import aiohttp
import httpx
import pytest
import socketio

from tests.deploy.proxy import EXAMPLE, Nginx, nginx
from tests.serving import Server, free_port

pytestmark = [pytest.mark.nginx, pytest.mark.server]
FILE = 9 * 2**20
IMPATIENT = {
    "    proxy_read_timeout 30s;": "    proxy_read_timeout 2s;",
    "rate=50r/s": "rate=1r/s",
    "burst=200": "burst=20",
}


class Internal(BaseHTTPRequestHandler):
    """Something else that stands behind the site's sign-in."""

    def do_GET(self):
        body = f"{self.path} {self.headers.get('Authorization', 'no token')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def internal() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Internal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, list[Server]]]:
    """The port nginx is to have, and two web processes that know of it."""
    https = free_port()
    surroundings = {"PUBLIC_URL": f"https://localhost:{https}", "TRUSTED_PROXIES": "127.0.0.1"}
    data = tmp_path_factory.mktemp("site")
    servers = [Server(data, command=("web",), environment=surroundings) for _ in range(2)]
    servers[0].prepare()
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Server.start, servers))
        yield https, servers
    finally:
        for server in servers:
            server.stop()


@pytest.fixture(scope="module")
def proxy(
    site: tuple[int, list[Server]], internal: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    folder: Path = tmp_path_factory.mktemp("nginx")
    (folder / "extra").mkdir()
    (folder / "extra/internal.conf").write_text(
        EXAMPLE.read_text().replace("127.0.0.1:3001", f"127.0.0.1:{internal}")
    )
    with nginx(folder, site[1], site[0], IMPATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def token(site: tuple[int, list[Server]]) -> str:
    return site[1][0].token("alice")


@pytest.fixture
def ticket(proxy: Nginx, token: str, site: tuple[int, list[Server]]) -> Iterator[str]:
    body = {"subject": "It does not start", "description": "Since this morning nothing happens."}
    with proxy.client(token) as client:
        ticket_id = client.post("/api/tickets", json=body).raise_for_status().json()["ticket_id"]
    yield ticket_id
    with site[1][0].client("ada") as ada:
        ada.delete(f"/api/tickets/{ticket_id}")


def test_plain_http_answers_certbot_and_sends_everything_else_to_https(proxy):
    plain = f"http://127.0.0.1:{proxy.http}"
    assert httpx.get(f"{plain}/.well-known/acme-challenge/word").text == "the answer"
    moved = httpx.post(f"{plain}/api/tickets?x=1", headers={"Host": "localhost"})
    assert (moved.status_code, moved.headers["Location"]) == (308, "https://localhost/api/tickets?x=1")


def test_tls_is_of_the_given_authority_and_not_an_old_one(proxy):
    with proxy.client() as client:
        assert client.get("/api/ping").status_code == 401
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{proxy.url}/api/ping")
    old = ssl.create_default_context(cafile=str(proxy.authority))
    with pytest.warns(DeprecationWarning):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{proxy.url}/api/ping", verify=old)


def test_the_site_learns_the_real_address_whatever_a_client_claims(proxy, site, token):
    """127.0.0.1 is trusted itself, so what nginx says is all that is heard."""
    body = {"username": "mallory", "password": "mallory-is-elsewhere-4"}
    with proxy.client() as client:
        signed_in = client.post("/api/auth/login", json=body, headers={"X-Forwarded-For": "6.6.6.6"})
        client.headers["Authorization"] = f"Bearer {signed_in.json()['token']}"
        listed = client.get("/api/auth/sessions").text
        page = client.get("/admin/login/")
    assert "6.6.6.6" not in listed and "127.0.0.1" in listed
    assert "; Secure" in page.headers["Set-Cookie"]


def test_logs_have_the_owners_names_and_no_queries(proxy):
    with proxy.client() as client:
        client.get("/api/ping?token=quite-secret-words", headers={"X-Request-ID": "the-name-of-this-request"})
    time.sleep(0.2)
    assert "/api/ping 401" in proxy.log() and "the-name-of-this-request" in proxy.log()
    assert "quite-secret-words" not in proxy.log()
    assert (proxy.folder / "api-haze-pro-error.log").exists()


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids=str)
async def test_socketio_by_each_transport(proxy, token, ticket, transports):
    """Several at once, each of several requests: with two processes, what is not sticky fails."""
    heard: list[str] = []
    clients = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=proxy.trust)) as session:
        for _ in range(4):
            client = socketio.AsyncClient(http_session=session, reconnection=False)
            client.on("new_message", lambda data: heard.append(data["messageData"]["content"]))
            await client.connect(proxy.url, transports=transports, auth={"token": token})
            joined = await client.call("join_ticket", {"ticket_id": ticket}, timeout=10)
            assert joined["ok"], joined
            clients.append(client)
        said = {"ticket_id": ticket, "message": "Through the proxy", "client_nonce": ticket}
        assert (await clients[0].call("send_message", said, timeout=10))["ok"]
        for _ in range(100):
            if len(heard) == 4:
                break
            await asyncio.sleep(0.1)
        for client in clients:
            await client.eio.disconnect(abort=True)
    assert heard == ["Through the proxy"] * 4


async def test_polling_clients_of_several_addresses_use_both_processes_and_keep_theirs(proxy):
    opened = {}
    for last in range(1, 21):
        connector = aiohttp.TCPConnector(ssl=proxy.trust, local_addr=(f"127.0.0.{last}", 0))
        async with aiohttp.ClientSession(connector=connector) as session:
            where = f"https://localhost:{proxy.https}/socket.io/?EIO=4&transport=polling"
            async with session.get(where) as answer:
                sid = (await answer.text()).partition('"sid":"')[2].partition('"')[0]
            for _ in range(3):
                async with session.post(f"{where}&sid={sid}", data="3") as answer:
                    assert (answer.status, await answer.text()) == (200, "OK")
            opened[last] = sid
    await asyncio.sleep(0.2)
    lines = [
        line.split()
        for line in proxy.log().splitlines()
        if line.startswith("127.0.0.") and "/socket.io/" in line
    ]
    used: dict[str, set[str]] = {}
    for line in lines:
        used.setdefault(line[0], set()).add(line[8])
    assert len(set.union(*used.values())) == 2, "one of the two processes got nobody"
    assert all(len(upstreams) == 1 for upstreams in used.values())


async def test_websockets_of_the_pages(proxy, token, ticket):
    where = f"wss://localhost:{proxy.https}/ws/tickets/{ticket}/"
    async with (
        aiohttp.ClientSession(headers={"Origin": proxy.url}) as session,
        session.ws_connect(where, ssl=proxy.trust, protocols=("bearer", token)) as socket,
    ):
        frame = await socket.receive(timeout=10)
    assert frame.type is aiohttp.WSMsgType.TEXT, frame


def test_something_else_behind_the_sign_in(proxy, token):
    with proxy.client() as stranger:
        assert stranger.get("/internal/page").status_code == 401
        assert stranger.get("/internal/page", headers={"Authorization": "Bearer forged"}).status_code == 401
        assert stranger.get("/_hazebot_token").status_code == 404
    with proxy.client(token) as client:
        assert client.get("/internal/page").text == "/page no token"


def test_25_megabytes_of_attachments_go_through_and_come_back(proxy, token, ticket):
    data = [b"a" * 25 * 2**18, b"b" * FILE, b"c" * FILE]
    files = [("file", (f"{number}.txt", content, "text/plain")) for number, content in enumerate(data)]
    with proxy.client(token) as client:
        sent = client.post(f"/api/tickets/{ticket}/attachments", files=files)
        assert sent.status_code == 200, sent.text
        shown = sent.json()["message"]["attachments"]
        got = [client.get(file["url"]).content for file in shown]
        part = client.get(shown[1]["url"], headers={"Range": f"bytes={FILE - 3}-"})
    assert [hashlib.sha256(one).digest() for one in got] == [hashlib.sha256(one).digest() for one in data]
    assert (part.status_code, part.content) == (206, b"bbb")


def test_what_is_too_large_is_refused_in_the_envelope(proxy, token, ticket):
    with proxy.client(token) as client:
        by_the_site = client.post("/api/tickets", content=b"x" * (2**20 + 1))
        by_nginx = client.post("/api/tickets", content=b"x" * (3 * 2**20))
        large = client.post(f"/api/tickets/{ticket}/attachments", content=b"x" * (28 * 2**20))
    for answer in (by_the_site, by_nginx, large):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.json().keys() >= {"error", "request_id"}


def test_figures_are_not_for_the_world_and_health_is(proxy):
    with proxy.client() as client:
        assert client.get("/health/ready").json()["status"] == "ready"
    away = httpx.HTTPTransport(verify=proxy.trust, local_address="127.0.0.9")
    with httpx.Client(transport=away) as elsewhere:
        assert elsewhere.get(f"{proxy.url}/metrics").status_code == 403
        assert elsewhere.get(f"{proxy.url}/health/live").status_code == 200


def test_who_asks_without_end_is_told_to_wait_and_nobody_else(proxy):
    """This machine itself is not counted, so all other tests ask as they like."""
    away = httpx.HTTPTransport(verify=proxy.trust, local_address="127.0.0.66")
    with httpx.Client(transport=away) as elsewhere:
        answers = [elsewhere.get(f"{proxy.url}/health/live") for _ in range(60)]
    codes = [answer.status_code for answer in answers]
    assert codes[:20] == [200] * 20 and 429 in codes
    refused = answers[codes.index(429)]
    assert refused.json()["code"] == "too_many_requests" and refused.headers["Retry-After"] == "2"
    with proxy.client() as client:
        assert {client.get("/health/live").status_code for _ in range(60)} == {200}


def test_a_process_that_hangs_costs_time_and_no_answer(proxy, site, token):
    """And nothing that has effects is done twice for it."""
    _https, servers = site
    process = servers[0].process
    process.send_signal(signal.SIGSTOP)
    try:
        with proxy.client(token) as client:
            assert [client.get("/api/tickets").status_code for _ in range(6)] == [200] * 6
    finally:
        process.send_signal(signal.SIGCONT)
    for server in servers:
        server.await_ready(20)


def test_when_all_hang_the_answer_is_a_503_in_the_envelope(proxy, site, token):
    for server in site[1]:
        server.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with proxy.client(token) as client:
            answer = client.post("/api/auth/verify-token")
        assert time.monotonic() - began < 6
    finally:
        for server in site[1]:
            server.process.send_signal(signal.SIGCONT)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    for server in site[1]:
        server.await_ready(20)


def test_one_process_after_the_other_is_restarted_and_nobody_notices(proxy, site, ticket):
    """An upgrade: requests go on all the time, those with effects too, and each is done once."""
    token = site[1][0].token("alice")
    time.sleep(3)  # those that hung before are asked again
    ends, failures, posted = threading.Event(), [], []

    def ask(client: httpx.Client) -> None:
        while not ends.is_set():
            answer = client.get(f"/api/tickets/{ticket}")
            words = f"Word {len(posted)}"
            sent = client.post(f"/api/tickets/{ticket}/send", json={"message": words})
            posted.append(words)
            failures.extend(one.text for one in (answer, sent) if one.status_code != 200)

    with proxy.client(token) as client:
        asking = threading.Thread(target=ask, args=(client,))
        asking.start()
        for server in site[1]:
            server.stop()
            server.start()
            time.sleep(3)  # nginx asks one that refused again after a second
        ends.set()
        asking.join(40)
        messages = client.get(f"/api/tickets/{ticket}/messages?limit=200").json()["messages"]
    assert not failures, failures
    shown = [one["content"] for one in messages if one["content"].startswith("Word ")]
    assert len(posted) > 10 and shown == posted[-len(shown) :] and len(set(shown)) == len(shown)
