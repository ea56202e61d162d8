"""What goes past the framework says what it says, and nothing where it would refuse."""

from __future__ import annotations

import io

import orjson
import pytest
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, close_old_connections
from django.urls import resolve
from django.utils import timezone
from structlog.testing import capture_logs

from accounts import monitoring_tokens, tokens
from accounts import services as accounts
from accounts.models import Session
from accounts.services import Device
from analytics.collecting import buffer
from hazesite import middleware, quick, ratelimits
from hazesite.metrics.requests import SEEN, Seen
from hazesite.wsgi_pool import environ
from tickets import services
from tickets.services import conversation
from tickets.views import quick as of_tickets
from tickets.views import requests

WAYS = ("/api/tickets/{ticket}", "/api/tickets")


def call(path, token=None, *, query=b"", method="GET", body=None, **headers):
    """As WSGI has it; the names of headers with `_` for `-`."""
    said = {"host": "localhost", "x_request_id": "one-call"}
    if body is not None:
        said |= {"content_type": "application/json", "content_length": str(len(body))}
    said |= headers
    if token is not None:
        said["authorization"] = f"Bearer {token}"
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query, "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("10.0.0.1", 5), SEEN: Seen(),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in said.items() if value
        ],
    }  # fmt: skip
    return environ(scope, io.BytesIO(body or b""))


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
    monkeypatch.setattr(quick, "WAYS", [quick.Way("GET", "/api/tickets", "api/tickets", "GET", broken)])
    with capture_logs() as logged:
        assert quick.answer(call("/api/tickets", token)) is None
    assert logged == []


def test_what_is_asked_quickly_is_known_by_the_ordinary_way(told):
    """Its route, and what it allows."""
    for way in of_tickets.WAYS:
        path = way.path.replace(of_tickets.TICKET, f"/api/tickets/{told.public_id}")
        match = resolve(path)
        assert match.route == way.route
        allowed = [method.upper() for method in match.func.actions if method != "head"]
        assert way.allow.split(", ") == [*allowed, *["HEAD"] * ("GET" in allowed), "OPTIONS"]


# --- what is said -------------------------------------------------------------
SAID = ("/api/tickets/{ticket}/send", "/api/tickets/{ticket}/messages")


def say(path, token, body=b'{"message": "It blinks."}', **headers):
    return call(path, token, method="POST", body=body, **headers)


def stored(ticket):
    found = ticket.messages.order_by("pk")
    return [(one.content, one.source, one.client_nonce, one.author.username) for one in found]


def without_what_is_new(body):
    """Ids and moments differ between two messages."""
    answered = orjson.loads(body)
    for name in ("id", "seq", "created_at", "timestamp"):
        answered.get("message", {}).pop(name, None)
    return answered


@pytest.mark.parametrize("path", SAID)
@pytest.mark.parametrize("who", ["alice", "moira", "ada"])
def test_both_ways_store_and_say_the_same(told, token_of, request, who, path):
    path, token = path.format(ticket=told.public_id), token_of(request.getfixturevalue(who))
    before = len(stored(told))
    status, headers, body = ordinary(say(path, token, x_platform="web"))
    said = quick.answer(say(path, token, x_platform="web"))
    assert (status, said.status) == (200, 200)
    assert without_what_is_new(body) == without_what_is_new(said.body)
    assert _comparable(headers) == _comparable(said.headers)
    first, second = stored(told)[before:]
    assert first == second == ("It blinks.", "web", None, who)


def _comparable(headers):
    """But what is counted down, and the length of other ids."""
    changing = (b"ratelimit-remaining", b"ratelimit-reset", b"content-length")
    return sorted((name, None if name in changing else value) for name, value in headers)


def test_the_same_nonce_makes_one_message_whichever_way_it_comes(told, token_of, alice):
    path, token = f"/api/tickets/{told.public_id}/send", token_of(alice)
    before = len(stored(told))
    body = b'{"message": "Once.", "client_nonce": "n-2"}'
    answers = [
        quick.answer(say(path, token, body)).body,
        ordinary(say(path, token, body))[2],
        quick.answer(say(path, token, b'{"message": "Once."}', idempotency_key="n-2")).body,
    ]
    assert len(set(answers)) == 1
    assert [content for content, *_rest in stored(told)[before:]] == ["Once."]


def test_what_is_unusual_to_say_goes_the_ordinary_way_and_is_whole_there(told, token_of, alice, mallory):
    path, token = f"/api/tickets/{told.public_id}/send", token_of(alice)
    before = len(stored(told))
    unusual = [
        (say(path, token, content_type="text/plain"), 415),
        (say(path, token, content_type="application/json; charset=latin-1"), 200),
        (say(path, token, content_length="10"), 400),
        (say(path, token, b""), 400),
        (say(path, token, b"{"), 400),
        (say(path, token, b"[]"), 400),
        (say(path, token, b'{"message": ""}'), 400),
        (say(path, token, b'{"message": "%s"}' % (b"x" * 4001)), 400),
        (say(path, token, b'{"message": "It blinks."%s}' % (b" " * quick.MAX_BODY)), 200),
        (say(path, token, b'{"message": "a", "client_nonce": "one"}', idempotency_key="two"), 409),
        (say(path, token, idempotency_key="a b"), 400),
        (say(path, token, origin="https://app.example.org"), 200),
        (say(path, token, query=b"a=b"), 200),
        (say(path, token[:-3]), 401),
        (say(path, None), 401),
        (call(path, token), 405),
    ]
    for asked, _status in unusual:
        assert quick.answer(asked) is None
        assert len(stored(told)) == before
    assert [ordinary(asked)[0] for asked, _status in unusual] == [status for _asked, status in unusual]


@pytest.mark.parametrize("why", ["closed", "blocked", "not theirs", "too many", "nonce reused"])
def test_what_the_services_refuse_is_refused_in_the_same_words(
    told, token_of, alice, moira, mallory, why, settings
):
    path, who, body = f"/api/tickets/{told.public_id}/send", alice, b'{"message": "It blinks."}'
    if why == "closed":
        services.close_ticket(told.public_id, moira)
    elif why == "blocked":
        services.block_user(alice.user_id, moira, reason="Enough.")
    elif why == "not theirs":
        who = mallory
    elif why == "nonce reused":
        body = b'{"message": "Something else.", "client_nonce": "n-1"}'
    else:
        settings.RATELIMIT_ENABLE = True
        for _each in range(120):
            ratelimits.spend("messages", alice.pk, conversation.MESSAGES_PER_USER)
    before, token = stored(told), token_of(who)
    status, headers, words = ordinary(say(path, token, body))
    said = quick.answer(say(path, token, body))
    assert (said.status, said.body) == (status, words)
    assert status in (403, 404, 409, 429)
    assert _comparable(headers) == _comparable(said.headers)
    assert stored(told) == before


@pytest.mark.parametrize(("fault", "status"), [(RuntimeError, 500), (OperationalError, 503)])
def test_what_fails_after_it_was_stored_is_not_stored_again(
    told, token_of, alice, monkeypatch, fault, status
):
    """And is told as the ordinary way tells it, and logged whole."""

    def broken(message):
        raise fault("too late")

    path, token = f"/api/tickets/{told.public_id}/send", token_of(alice)
    monkeypatch.setattr(requests, "message_json", broken)
    before = len(stored(told))
    with capture_logs() as logged:
        said = quick.answer(say(path, token))
    assert (said.status, len(stored(told))) == (status, before + 1)
    assert [line["event"] for line in logged] == ["request_failed", "request"]
    assert (said.status, said.body) == ordinary(say(path, token))[::2]


def test_both_ways_of_saying_leave_the_same_traces(told, token_of, alice, settings, monkeypatch):
    settings.ANALYTICS = True
    seen, traces, token = [], [], token_of(alice)
    monkeypatch.setattr(buffer, "add", seen.append)
    monkeypatch.setattr(middleware.time, "perf_counter", lambda: 1.0)
    for way in (ordinary, quick.answer):
        for path in ("send", "messages"):
            for body in (b'{"message": "It blinks."}', b'{"message": "Else.", "client_nonce": "n-1"}'):
                asked = say(f"/api/tickets/{told.public_id}/{path}", token, body)
                with capture_logs() as logged:
                    way(asked)
                uses = [use[1:] for use in seen]
                traces.append((way, logged, asked["asgi.scope"][SEEN].route, uses))
                seen.clear()
    half = len(traces) // 2
    assert [trace[1:] for trace in traces[:half]] == [trace[1:] for trace in traces[half:]]
    assert [trace[1][0]["status"] for trace in traces[half:]] == [200, 409, 200, 409]
