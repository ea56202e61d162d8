"""Whatever is sent to the monitors' calls: no 5xx, both envelopes, and a refusal changes nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from monitoring.models import Monitor, NotificationChannel
from tests.monitoring.rest.stock import furnish

FIELDS = [
    "name", "type", "url", "host", "port", "method", "headers", "body", "expected_status", "expected_text",
    "options", "interval", "timeout", "retries", "severity", "active", "parent", "tags",
    "notification_channels", "escalation", "config", "templates", "default", "steps", "starts_at",
    "duration_minutes", "recurrence", "time_zone", "everything", "monitors", "slug", "title", "text",
    "public",
    "monitorList", "notificationList", "hazebot_monitors", "summary_at", "status", "ping", "msg",
]  # fmt: skip
WORDS = [
    "http", "keyword", "json", "ping", "port", "dns", "tls", "push", "socketio", "webhook", "email", "slack",
    "https://example.org/", "example.org", "http://127.0.0.1/", "GET", "200-299", "critical", "UTC", "status",
    "FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-11-28T00:00:00Z", "08:00", "\0", "",
    "x" * 3000,
    "${PUBLIC_URL}", "${UNKNOWN}", "json-query", "docker", "smtp", "{}", "[]", "null", "{\"type\": \"smtp\"}",
]  # fmt: skip
TEXT = st.sampled_from(WORDS) | st.text(max_size=12)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.integers(0, 120)
    | st.floats(allow_nan=False)
    | TEXT
)
KEYS = st.sampled_from([*FIELDS, "monitor", "group", "after_minutes", "channels", "path", "expected",
"webhook_url", "roles", "id", "hostname", "maxretries", "accepted_statuscodes", "notificationIDList",
"isDefault"])  # fmt: skip
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=4),
    max_leaves=12,
)
LIKELY = st.fixed_dictionaries(
    {"name": TEXT, "type": st.sampled_from(WORDS[:12])},
    optional={
        "url": TEXT,
        "host": TEXT,
        "interval": SCALAR,
        "options": VALUE,
        "headers": VALUE,
        "config": VALUE,
    },
)
BODY = LIKELY | st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=6) | VALUE
SAME_DATABASE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
CALLS = [
    ("POST", "/api/monitors"), ("PATCH", "/api/monitors/{monitor}"), ("POST", "/api/monitors/import"),
    ("POST", "/api/notification-channels"), ("PATCH", "/api/notification-channels/{channel}"),
    ("POST", "/api/escalation-policies"), ("PATCH", "/api/escalation-policies/1"),
    ("POST", "/api/maintenance"), ("PATCH", "/api/maintenance/1"), ("POST", "/api/status-pages"),
    ("PATCH", "/api/status-pages/1"), ("POST", "/api/incidents/1/comments"), ("POST", "/api/push/x"),
]  # fmt: skip


@hypothesis(max_examples=30, deadline=None, suppress_health_check=SAME_DATABASE)
@given(body=BODY)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_any_body(method, path, body, client, settings):
    if not Monitor.objects.exists():
        furnish(1)
    monitor, channel = Monitor.objects.order_by("pk")[0], NotificationChannel.objects.order_by("pk")[0]
    where = path.format(monitor=monitor.pk, channel=channel.pk)
    before = (Monitor.objects.count(), monitor.updated_at, NotificationChannel.objects.count())
    answer = client.generic(method, where, _encoded(body), content_type="application/json")
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert {
            "error",
            "code",
            "request_id",
            "status",
            "data",
            "message",
            "timestamp",
        } <= answer.json().keys()
        monitor.refresh_from_db()
        assert (Monitor.objects.count(), monitor.updated_at, NotificationChannel.objects.count()) == before


def _encoded(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except (TypeError, ValueError):  # lone surrogates, and what is none of JSON's business
        return b'{"name": "\\ud800", "type": "http", "url": "http://\\ud800/"}'


@hypothesis(max_examples=30, deadline=None, suppress_health_check=SAME_DATABASE)
@given(
    query=st.dictionaries(
        st.sampled_from(["limit", "cursor", "q", "tag", "status", "type", "severity", "hours", "range",
        "state", "monitor", "running"]),
        st.text(max_size=12)
        | st.sampled_from(["\0", "9" * 30, "-1", "up", "24h", "1-YQ", "7-_w", "1764316800000000"]),
        max_size=3,
    )
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["monitors", "incidents", "maintenance", "monitors/{}/checks", "monitors/{}/stats"]
)
def test_any_query(path, query, client):
    if not Monitor.objects.exists():
        furnish(1)
    words = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in query.items())
    answer = client.get(f"/api/{path.format(Monitor.objects.values_list('pk', flat=True)[0])}?{words}")
    assert answer.status_code in (200, 400), answer.content
