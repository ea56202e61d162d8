"""Large files in both directions, through the real server."""

from __future__ import annotations

import hashlib
import os
import socket
import time

import httpx
import psutil
import pytest

pytestmark = [pytest.mark.server, pytest.mark.workers, pytest.mark.once]
MIB = 2**20


@pytest.fixture
def url(server) -> str:
    return f"/api/tickets/{server.open_ticket()['ticket_id']}/attachments"


def words(size: int) -> bytes:
    return os.urandom(size // 2).hex().encode().ljust(size, b"x")


def upload(client: httpx.Client, url: str, *files: bytes) -> httpx.Response:
    return client.post(url, files=[("file", ("a.txt", data)) for data in files])


def opened(server, url: str, token: str, size: int) -> socket.socket:
    """A large upload of which half arrives."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=15)
    head = f"POST {url} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n"
    head += "Content-Type: multipart/form-data; boundary=b\r\n"
    connection.sendall(f"{head}Authorization: Bearer {token}\r\n\r\n".encode() + b"x" * (size // 2))
    return connection


def test_ten_mebibytes_and_not_a_byte_more(server, url):
    data = words(10 * MIB)
    with server.client("alice") as client:
        sent = upload(client, url, data)
        assert sent.status_code == 200, sent.text
        file = sent.json()["message"]["attachments"][0]
        got = client.get(file["url"])
        assert hashlib.sha256(got.content).digest() == hashlib.sha256(data).digest()
        assert got.headers["Content-Length"] == str(10 * MIB)
        part = client.get(file["url"], headers={"Range": "bytes=1000000-2999999"})
        assert (part.status_code, part.content == data[1_000_000:3_000_000]) == (206, True)
        assert client.head(file["url"]).headers["Content-Length"] == str(10 * MIB)
        assert client.get(file["url"], headers={"If-None-Match": got.headers["ETag"]}).status_code == 304

        for files in ([data + b"x"], [data, data, data], [data[:2000]] * 11, [data] * 4):
            refused = upload(client, url, *files)
            assert refused.status_code in (400, 413), len(files)
            assert {"error", "code", "request_id"} <= refused.json().keys()
        assert upload(client, url, data[:9_000_000], data[:9_000_000]).status_code == 200


def test_other_paths_stay_small(server):
    with server.client("alice") as client:
        assert client.post("/api/tickets", content=b"x" * 2 * MIB).status_code == 413
        assert client.put("/api/tickets/x/attachments", content=b"x" * 2 * MIB).status_code == 413


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x.y.z"}])
def test_large_files_of_nobody_are_not_taken(server, url, header):
    answer = httpx.post(f"{server.url}{url}", files={"file": words(5 * MIB)}, headers=header)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_one_person_uploads_two_at_once_and_the_places_come_back(server, url):
    token = server.token("alice")
    waiting = [opened(server, url, token, 4 * MIB) for _ in range(2)]
    try:
        time.sleep(0.5)
        with server.client("alice") as alice, server.client("moira") as moira:
            third = upload(alice, url, words(3 * MIB))
            assert (third.status_code, third.json()["code"]) == (503, "busy")
            assert int(third.headers["Retry-After"]) > 0
            assert upload(alice, url, b"small").status_code == 200
            assert upload(moira, url, words(3 * MIB)).status_code == 200
    finally:
        for connection in waiting:
            connection.close()
    time.sleep(0.5)
    with server.client("alice") as alice:
        assert upload(alice, url, words(3 * MIB)).status_code == 200
    assert not any((server.data / "incoming").iterdir())


def test_transcripts_come_whole_and_leave_nothing(server, url):
    with server.client("moira") as client:
        assert upload(client, url, b"words of the file").status_code == 200
        for kind, start in (("html", b"<!doctype html>"), ("json", b'{"ticket_id"'), ("txt", b"#")):
            got = client.get(url.replace("attachments", "transcript"), params={"format": kind})
            assert got.status_code == 200 and got.content.startswith(start)
            assert int(got.headers["Content-Length"]) == len(got.content)
            assert b"Since this morning nothing happens." in got.content and b"a.txt" in got.content
        assert client.get(url.replace("attachments", "transcript?format=pdf")).status_code == 400
    assert not any((server.data / "incoming").iterdir())


def test_slow_readers_of_large_files_hold_neither_threads_nor_memory(server, url):
    with server.client("alice") as client:
        file = upload(client, url, words(10 * MIB)).json()["message"]["attachments"][0]
    request = f"GET {file['url']} HTTP/1.1\r\nHost: localhost\r\n"
    request += f"Authorization: Bearer {server.token('alice')}\r\n\r\n"
    web = max(psutil.Process(server.process.pid).children(), key=lambda child: child.memory_info().rss)
    before = web.memory_info().rss
    readers = []
    for _ in range(30):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(request.encode())
        readers.append(connection)
    try:
        time.sleep(1.5)
        assert httpx.get(f"{server.url}/api/users/me", timeout=5).status_code == 401
        assert web.memory_info().rss - before < 60 * MIB
    finally:
        for connection in readers:
            connection.close()
