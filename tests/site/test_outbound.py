"""Requests of ours reach the internet and nothing beside it, however the address is dressed up."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from hazesite import outbound
from hazesite.outbound import AddressRefused, AnswerTooLarge, TookTooLong, fetch, is_public


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/slow":
            for _ in range(20):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self.wfile.write(b"x" * (5000 if self.path == "/large" else 5))

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, args=(0.05,), daemon=True).start()
    yield site.server_port
    site.shutdown()


@pytest.fixture
def friend(port, settings) -> str:
    """The site under a name that may be reached; everything else about it stays forbidden."""
    settings.OUTBOUND_ALLOWED_HOSTS = ["localhost"]
    return f"http://localhost:{port}"


NOT_PUBLIC = [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "0177.0.0.1",
    "127.1", "0.0.0.0", "[::]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]",
    "100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_what_is_not_public_is_refused(port, host):
    with pytest.raises((AddressRefused, httpx.InvalidURL, httpx.ConnectError)):
        fetch("GET", f"http://{host}:{port}/", deadline=2)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/", "//example.org", "x"]
)
def test_other_schemes_are_refused(url):
    with pytest.raises(AddressRefused):
        fetch("GET", url)


def test_a_named_host_may_be_reached(friend):
    answer = fetch("GET", f"{friend}/")
    assert (answer.status, answer.body) == (200, b"xxxxx")


def test_a_redirect_is_judged_like_the_first_address(friend, port):
    assert fetch("GET", f"{friend}/to/{friend}/").status == 200
    with pytest.raises(AddressRefused):
        fetch("GET", f"{friend}/to/http://127.0.0.1:{port}/")


def test_redirecting_for_ever_ends(friend):
    with pytest.raises(httpx.TooManyRedirects):
        fetch("GET", f"{friend}/to/" * 8)


def test_a_name_that_changes_between_looking_and_connecting_gains_nothing(port):
    answers = iter([["203.0.113.7"], ["127.0.0.1"]])
    asked = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with pytest.raises((AddressRefused, TookTooLong, httpx.ConnectError)):
        fetch("GET", f"http://rebind.example:{port}/", deadline=0.5, resolver=rebinding)
    assert asked == ["rebind.example"]


def test_a_name_with_a_private_address_among_public_ones_is_refused(port):
    with pytest.raises(AddressRefused):
        fetch("GET", f"http://two.example:{port}/", resolver=lambda *_: ["8.8.8.8", "127.0.0.1"])


def test_the_connection_goes_to_the_address_that_was_judged(port, monkeypatch):
    monkeypatch.setattr(outbound, "is_public", lambda address: str(address) == "127.0.0.1")
    answer = fetch("GET", f"http://somewhere.example:{port}/", resolver=lambda *_: ["127.0.0.1"])
    assert answer.body == b"xxxxx"


def test_an_answer_has_a_limit_and_a_deadline_for_the_whole(friend):
    with pytest.raises(AnswerTooLarge):
        fetch("GET", f"{friend}/large", limit=1000)
    started = time.monotonic()
    with pytest.raises(TookTooLong):
        fetch("GET", f"{friend}/slow", deadline=0.5)
    assert time.monotonic() - started < 1.5


def test_proxies_of_the_environment_are_not_used(friend, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert fetch("GET", f"{friend}/").status == 200


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("64:ff9b::808:808", True), ("::ffff:8.8.8.8", True),
     ("198.18.0.1", False), ("2001:db8::1", False), ("ff02::1", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_public_and_not(address, public):
    assert is_public(ipaddress.ip_address(address)) is public
