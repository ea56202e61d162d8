"""The reads that go past the framework say what it says, and nothing where it would refuse."""

from __future__ import annotations

import io

import pytest
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from django.urls import resolve
from django.utils import timezone
from structlog.testing import capture_logs

from accounts import monitoring_tokens, tokens
from accounts import services as accounts
from accounts.models import Session
from accounts.services import Device
from analytics.collecting import buffer
from hazesite import middleware, quick
from hazesite.metrics.requests import SEEN, Seen
from hazesite.wsgi_pool import environ
from tickets import services
from tickets.views import quick as of_tickets

WAYS = ("/api/tickets/{ticket}", "/api/tickets")


def call(path, token=None, *, query=b"", method="GET", **headers):
    """As WSGI has it; the names of headers with `_` for `-`."""
    said = {"host": "localhost", "x_request_id": "one-call", **headers}
    if token is not None:
        said["authorization"] = f"Bearer {token}"
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query, "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("10.0.0.1", 5), SEEN: Seen(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in said.items() if value
        ],
    }  # fmt: skip
    return environ(scope, io.BytesIO())


def ordinary(asked):
    """Status, headers and body."""
    begun = []
    answer = WSGIHandler()(asked, lambda status, headers, _error=None: begun.append((status, headers)))
    body = b"".join(answer)
    answer.close()
    ((status, headers),) = begun
    said = [(name.lower().encode(), value.encode()) for name, value in headers]
    return int(status[:3]), said, body


@pytest.fixture(autouse=True)
def in_one_transaction(monkeypatch):
    """As Django's own test client does: a request's end closes no connection."""
    monkeypatch.setattr(quick, "close_old_connections", lambda: None)
    both = signals.request_started, signals.request_finished
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.fixture
def told(ticket, alice, moira):
    """A ticket with a bit of everything."""
    services.post_message(ticket.public_id, alice, "What about @moira?", nonce="n-1")
    services.add_note(ticket.public_id, moira, "Looks like the cable.")
    services.claim_ticket(ticket.public_id, moira)
    services.update_ticket(ticket.public_id, moira, {"tags": ["cable", "vip"], "priority": "urgent"})
    return ticket


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("who", ["alice", "moira", "ada"])
def test_both_ways_say_the_same(told, token_of, request, who, path):
    asked = path.format(ticket=told.public_id), token_of(request.getfixturevalue(who))
    status, headers, body = ordinary(call(*asked))
    said = quick.answer(call(*asked))
    assert (status, headers, body) == (200, said.headers, said.body)
    assert told.public_id.encode() in body


def test_what_is_unusual_goes_the_ordinary_way(told, token_of, alice):
    path, token = f"/api/tickets/{told.public_id}", token_of(alice)
    assert quick.answer(call(path, token))
    unusual = [
        call(path, token, method="HEAD"),
        call(path, token, method="DELETE"),
        call(path, token, query=b"limit=1"),
        call(path, token, origin="https://app.example.org"),
        call(path, token, host="elsewhere.example.org"),
        call(path, token, host=""),
        call(path, token, x_forwarded_host="elsewhere.example.org"),
        call(path, token, content_length="3"),
        call(f"{path}/events", token),
        call(f"{path}\n", token),
        call("/api/tickets/options", token),
        call("/api/tickets/", token),
    ]
    assert [quick.answer(one) for one in unusual] == [None] * len(unusual)


@pytest.mark.parametrize("path", WAYS)
def test_what_is_refused_is_refused_there(told, token_of, alice, mallory, settings, path):
    path = path.format(ticket=told.public_id)
    ended = accounts.start_session(alice, Device("127.0.0.1", "Web"))
    accounts.end_session(ended, "ended_by_user")
    refused = {"": 401, "x.y.z": 401, tokens.issue(ended): 401, token_of(alice)[:-3]: 401, None: 401}
    if path.endswith(told.public_id):
        refused |= {token_of(mallory): 404, _monitoring(settings): 403}
    for token, status in refused.items():
        assert quick.answer(call(path, token)) is None
        assert ordinary(call(path, token))[0] == status


def _monitoring(settings):
    session = monitoring_tokens.issue(settings.API_MONITORING_SECRET, "10.0.0.1", Device())
    return tokens.issue(session)


def test_a_token_that_may_probe_gets_its_empty_list_the_ordinary_way(settings, db):
    asked = "/api/tickets", _monitoring(settings)
    assert quick.answer(call(*asked)) is None
    assert ordinary(call(*asked))[::2] == (200, b'{"tickets":[],"next_cursor":null,"total":0}')


def test_somebody_switched_off_or_blocked_fares_as_there(told, token_of, alice, moira):
    token = token_of(alice)
    services.block_user(alice.user_id, moira, reason="Enough.")
    asked = call(f"/api/tickets/{told.public_id}", token)
    assert quick.answer(asked).body == ordinary(call(f"/api/tickets/{told.public_id}", token))[2]
    alice.is_active = False
    alice.save()
    assert quick.answer(asked) is None


def test_a_deleted_ticket_is_gone(told, token_of, alice, ada):
    token = token_of(alice)
    services.delete_ticket(told.public_id, ada)
    assert quick.answer(call(f"/api/tickets/{told.public_id}", token)) is None


def test_both_ways_leave_the_same_traces(told, token_of, alice, settings, monkeypatch):
    settings.ANALYTICS = True
    seen, traces, token = [], [], token_of(alice)
    monkeypatch.setattr(buffer, "add", seen.append)
    monkeypatch.setattr(middleware.time, "perf_counter", lambda: 1.0)
    for way in (ordinary, quick.answer):
        Session.objects.update(last_seen_at=timezone.now() - accounts.SEEN_EVERY)
        asked = call(f"/api/tickets/{told.public_id}", token, x_platform="iOS", user_agent="the app")
        with capture_logs() as logged:
            way(asked)
        session = Session.objects.get(user=alice)
        traces.append(
            {
                "logged": logged,
                "counted": asked["asgi.scope"][SEEN].route,
                "used": seen.pop()[1:],
                "sign_in": (session.platform, session.device, session.address),
                "seen_lately": timezone.now() - session.last_seen_at < accounts.SEEN_EVERY / 2,
            }
        )
    assert traces[0] == traces[1]
    assert traces[1]["logged"][0]["event"] == "request"
    assert traces[1]["sign_in"] == ("iOS", "the app", "10.0.0.1")


def test_what_fails_is_told_once_by_the_ordinary_way(told, token_of, alice, monkeypatch):
    def broken(*_given):
        raise RuntimeError("the database is on fire")

    token = token_of(alice)
    monkeypatch.setattr(quick, "READS", [quick.Read("/api/tickets", "api/tickets", "GET", broken)])
    with capture_logs() as logged:
        assert quick.answer(call("/api/tickets", token)) is None
    assert logged == []


def test_what_is_asked_quickly_is_known_by_the_ordinary_way(told):
    """Its route, and what it allows."""
    for read in of_tickets.READS:
        path = f"/api/tickets/{told.public_id}" if "(" in read.path else "/api/tickets"
        match = resolve(path)
        assert match.route == read.route
        allowed = [method.upper() for method in match.func.actions]
        assert read.allow.split(", ") == [*allowed, "OPTIONS"]
