"""Whatever is sent, the answer is no 5xx, errors are in the envelope, and a refusal changes nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from rest_framework.test import APIClient

from botconfig.models import Section
from tests.test_role_matrix import MATRIX

WRITES = [row for row in MATRIX if row[0] in ("POST", "PUT", "PATCH") and "auth/" not in row[1]]
FIELDS = [
    "message", "subject", "description", "type", "priority", "tags", "assigned_to", "up_to_seq",
    "close_message", "client_nonce", "bot_name", "categories", "interest_roles", "log_channel_id", "enabled",
]  # fmt: skip
QUERIES = [
    "status", "limit", "cursor", "q", "tag", "assigned_to", "priority", "after", "after_seq", "before_seq",
]  # fmt: skip
ODD = ["\0", "9" * 30, "-1", "MjAyNnx4", "MjAyNi0wMS0wMVQwMDowMDowMFp8MQ"]
WORDS = st.sampled_from(FIELDS)
TEXT = st.text(max_size=30) | st.sampled_from(["", "\0", "x" * 5000, "🦀", "msg_1", "0", "null", "-1"])
SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | TEXT
VALUE = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
BODY = st.dictionaries(WORDS | TEXT, VALUE, max_size=5) | VALUE
SAME_DATABASE = [HealthCheck.function_scoped_fixture]


@pytest.fixture
def client(ada, client_of, settings) -> APIClient:
    settings.ROCKET_LEAGUE_API_KEY = "a-key-of-the-tests"  # without it a check of ranks is 503
    client: APIClient = client_of(ada)
    return client


def encoded(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except (TypeError, ValueError):  # lone surrogates, and what is none of JSON's business
        return b'{"message": "\\ud800"}'


@hypothesis(max_examples=25, deadline=None, suppress_health_check=SAME_DATABASE)
@given(body=BODY)
@pytest.mark.parametrize(("method", "route"), WRITES)
def test_any_body(method, route, body, ticket, client):
    message = ticket.messages.get(seq=2)
    path = route.replace("<ticket_id>", ticket.public_id).replace("<message_id>", message.public_id)
    path = path.replace("<section>", "tickets")
    before = (ticket.events.count(), list(Section.objects.values_list("name", "version")))

    answer = client.generic(method, path, encoded(body), content_type="application/json")

    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert {"error", "code", "request_id"} <= answer.json().keys()
        assert (ticket.events.count(), list(Section.objects.values_list("name", "version"))) == before


@hypothesis(max_examples=60, deadline=None, suppress_health_check=SAME_DATABASE)
@given(query=st.dictionaries(st.sampled_from(QUERIES), st.text(max_size=20) | st.sampled_from(ODD)))
@pytest.mark.parametrize("route", ["/api/tickets", "/api/tickets/{}/messages", "/api/tickets/{}/events"])
def test_any_query(route, query, ticket, client):
    words = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query.items())
    answer = client.get(f"{route.format(ticket.public_id)}?{words}")
    assert answer.status_code in (200, 400), answer.content


@hypothesis(max_examples=60, deadline=None, suppress_health_check=SAME_DATABASE)
@given(name=st.text(min_size=1, max_size=40))
def test_any_name_of_a_ticket(name, client, db):
    path = quote(name, safe="", errors="replace")
    assert client.get(f"/api/tickets/{path}").status_code in (200, 400, 404)


@hypothesis(max_examples=40, deadline=None, suppress_health_check=SAME_DATABASE)
@given(token=st.binary(max_size=60))
def test_any_token(token, db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer " + token.decode("latin-1"))
    assert client.get("/api/ping").status_code == 401
