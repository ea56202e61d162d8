"""Limits tell how much is left and when there is more, and who counts as one."""

from __future__ import annotations

import pytest

from hazesite import pulse, ratelimits
from hazesite.errors import TooMany
from hazesite.front import Front
from hazesite.later import LATER
from hazesite.realtime import handlers

LOGIN = "/api/auth/login"


def figures(answer) -> tuple[int, int]:
    assert 0 < int(answer["RateLimit-Reset"]) <= 86_400
    return int(answer["RateLimit-Limit"]), int(answer["RateLimit-Remaining"])


def test_an_answer_tells_what_is_left_and_a_refusal_when_there_is_more(
    ticket, alice, client_of, counted_limits
):
    client, url = client_of(alice), f"/api/tickets/{ticket.public_id}/send"
    assert [figures(client.post(url, {"message": "x"})) for _ in range(3)] == [
        (120, 119),
        (120, 118),
        (120, 117),
    ]
    answers = [client.post(url, {"message": "x"}) for _ in range(118)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert figures(refused) == (120, 0)
    assert refused["Retry-After"] == refused["RateLimit-Reset"]
    assert "RateLimit-Limit" not in client.get("/api/ping")


def test_of_several_limits_the_tightest_is_told(db, anonymous, counted_limits):
    answers = [anonymous.post(LOGIN, {"username": "nobody", "password": "x"}) for _ in range(11)]
    assert figures(answers[0]) == (10, 9)
    assert figures(answers[-1]) == (10, 0) and answers[-1]["Retry-After"]


def test_limits_that_are_counted_in_rows_are_told_too(alice, client_of, counted_limits):
    body = {"subject": "It does not start", "description": "Since this morning nothing happens."}
    assert figures(client_of(alice).post("/api/tickets", body)) == (20, 19)


def test_nothing_is_left_for_the_next_answer():
    with ratelimits.noting():
        ratelimits.note(10, 3, 5)
    with ratelimits.noting():
        assert ratelimits.headers() == {}
    assert ratelimits.headers() == {}


@pytest.mark.parametrize(
    ("address", "household"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", "unknown"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_whom_an_address_counts_for(address, household):
    assert ratelimits.household(address) == household


def test_who_has_a_network_of_addresses_guesses_no_more_often(db, anonymous, counted_limits):
    codes = [
        anonymous.post(
            LOGIN, {"username": f"x{n}", "password": "x"}, REMOTE_ADDR=f"2001:db8::{n:x}"
        ).status_code
        for n in range(31)
    ]
    assert (codes[29], codes[30]) == (401, 429)


@pytest.mark.parametrize("vary", ["name", "address"])
def test_guessing_at_the_admin_is_limited_by_name_and_by_address(client, moira, settings, vary):
    settings.AXES_ENABLED = True
    codes = []
    for n in range(11):
        name, address = ("moira", f"192.0.2.{n}") if vary == "address" else (f"name{n}", "192.0.2.1")
        form = {"username": name, "password": str(n)}
        codes.append(client.post("/admin/login/", form, REMOTE_ADDR=address).status_code)
    assert (codes[0], codes[-1]) == (200, 429)


class Screen:
    """As much of a sink as a refusal needs."""

    def __init__(self) -> None:
        self.frames = []

    def push(self, frame) -> None:
        self.frames.append((frame.event, frame.data))


def test_a_refusal_over_a_socket_says_how_long_to_wait():
    screen = Screen()
    acknowledged = handlers.refuse(screen, TooMany(17), {"client_nonce": "n1"})
    assert acknowledged["retry_after"] == 17
    ((event, told),) = screen.frames
    assert (event, told["code"], told["retry_after"], told["client_nonce"]) == (
        "error", "too_many_requests", 17, "n1",
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
async def test_an_answer_that_comes_later_tells_it_too(monkeypatch):
    """What the view said first is dropped then, its headers as well."""
    monkeypatch.setattr(pulse, "start", lambda: None)

    async def pages(scope, _receive, send):
        later = scope[LATER]
        later.look, later.headers = lambda: (200, {"ok": True}), [(b"ratelimit-limit", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-dropped", b"1")]})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/api/x", "headers": [], "scheme": "http"}
    await Front(pages, pages)(scope, receive, send)
    headers = dict(sent[0]["headers"])
    assert headers[b"ratelimit-limit"] == b"10" and b"x-dropped" not in headers
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert sent[1]["body"] == b'{"ok":true}'
