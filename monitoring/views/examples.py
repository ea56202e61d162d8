"""Examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

AT = "2026-11-28T08:15:30.123456Z"
CURSOR = "1-SGF6ZUJvdCBBUEk"


def _request(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value, request_only=True)


def _answer(name: str, data: Any, message: str | None = None, **beside: Any) -> OpenApiExample:
    value = {"status": "success", "data": data, "message": message, "timestamp": AT, **beside}
    return OpenApiExample(name, value, response_only=True, status_codes=["200", "201", "202"])


_MONITOR = {
    "id": 1, "name": "HazeBot API - Health Check", "description": "", "type": "http",
    "url": "https://api.example.org/api/health", "host": "", "port": None, "method": "GET",
    "expected_status": "200-299", "expected_text": "", "options": {}, "uses_monitoring_token": False,
    "interval": 60, "timeout": 30, "retries": None, "retry_interval": 30, "severity": "critical",
    "response_time_warning_ms": 500, "response_time_critical_ms": 1000, "active": True, "created_at": AT,
    "updated_at": AT, "header_names": [], "parent": None, "escalation": None, "tags": ["core"],
    "notification_channels": [2], "status": "up", "status_since": AT, "next_check_at": AT,
    "last_check": {"at": AT, "response_time_ms": 123.4, "status_code": 200, "error": ""}, "failures": 0,
    "slowness": None, "certificate_expires_at": None, "body": "", "push_url": None,
}  # fmt: skip
_INCIDENT = {
    "id": 7, "severity": "critical", "started_at": AT, "confirmed_at": AT, "resolved_at": None,
    "cause": "The connection was refused.", "status_code": None, "acknowledged_at": None,
    "monitor": {"id": 1, "name": "HazeBot API - Health Check", "type": "http"}, "state": "open",
    "duration": "2h 30m", "duration_seconds": 9000, "acknowledged_by": None, "silenced_by": None,
}  # fmt: skip
_COUNTS = {"up": 15, "down": 0, "unknown": 0, "maintenance": 0}
_TIMES = {"average": 120.5, "min": 98.1, "max": 310.0}
_CHECK = {
    "at": AT, "status": "up", "is_up": True, "response_time_ms": 123.4, "status_code": 200, "error": "",
    "answer": '{"status":"ok"}',
}  # fmt: skip

OVERVIEW = _answer(
    "Something is down",
    {
        "status": "degraded",
        "monitors": {
            "total": 9, "up": 8, "pending": 0, "down": 1, "paused": 0, "maintenance": 0, "unknown": 0
        },
        "slow": 0,
        "incidents": {"open": 1, "unacknowledged": 1, "last_24h": 2},
        "average_response_time_ms": 123.4,
        "last_check_at": AT,
    },
)  # fmt: skip
MONITOR = _answer("A monitor", _MONITOR)
MONITORS = _answer("A page of monitors", [_MONITOR], next_cursor=CURSOR)
NEW_MONITOR = _request(
    "A page of the web",
    {
        "name": "HazeBot API - Health Check",
        "type": "http",
        "url": "https://api.example.org/api/health",
        "interval": 60,
        "severity": "critical",
        "headers": {"X-Probe": "1"},
        "tags": ["core"],
        "notification_channels": [2],
    },
)
NEW_PUSH = _request("A job that calls in", {"name": "Nightly backup", "type": "push", "interval": 3600})
CHANGE = _request("Ask less often", {"interval": 300, "tags": ["core", "api"]})
CHECKS = _answer("The last checks", [_CHECK], next_cursor=None)
STATS = _answer(
    "A day",
    {
        "range": "24h", "from": AT, "to": AT, "bucket_seconds": 900, "uptime_percent": 99.9306,
        "downtime_seconds": 60, "incidents": 1, "checks": {**_COUNTS, "up": 1439},
        "response_time_ms": {**_TIMES, "p50": 115.0, "p90": 180.2, "p95": 201.9, "p99": 290.4},
        "buckets": [{"at": AT, **_COUNTS, "response_time_ms": _TIMES}],
    },
)  # fmt: skip
INCIDENTS = _answer("The last incidents", [_INCIDENT], next_cursor=None)
COMMENT = _request("For the public", {"text": "The provider is working on it.", "public": True})
CHANNELS = _answer(
    "A channel without its secret",
    [
        {
            "id": 2, "name": "Team", "type": "discord", "active": True, "default": True, "templates": {},
            "remind_minutes": None, "flap_changes": None, "flap_minutes": None, "storm_alerts": None,
            "storm_seconds": None, "summary_at": None, "time_zone": "UTC", "created_at": AT,
            "config": {"webhook_url": "https://discord.com/…"},
        }
    ],
    next_cursor=None,
)  # fmt: skip
EMAIL = _request(
    "E-mail",
    {
        "name": "Mail",
        "type": "email",
        "config": {
            "smtp_server": "smtp.example.org", "smtp_port": 587, "username": "alerts@example.org",
            "password": "app-specific-password", "from_email": "monitor@example.org",
            "to_email": "admin@example.org", "use_tls": True,
        },
    },
)  # fmt: skip
WEBHOOK = _request(
    "Webhook",
    {
        "name": "Pager",
        "type": "webhook",
        "config": {
            "url": "https://pager.example.org/hook", "method": "POST", "timeout": 30,
            "headers": {"Authorization": "Bearer your-token"},
        },
    },
)  # fmt: skip
SLACK = _request(
    "Slack",
    {
        "name": "Slack",
        "type": "slack",
        "config": {"webhook_url": "https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK"},
    },
)
DISCORD = _request(
    "Discord",
    {
        "name": "Team",
        "type": "discord",
        "default": True,
        "config": {"webhook_url": "https://discord.com/api/webhooks/1/token"},
    },
)
POLICY = _request(
    "The team, then everybody",
    {
        "name": "Around the clock",
        "steps": [{"after_minutes": 0, "channels": [2]}, {"after_minutes": 15, "channels": [2, 3]}],
    },
)
WINDOW = _request(
    "Each Sunday night",
    {
        "name": "Updates",
        "starts_at": "2026-11-29T03:00:00+01:00",
        "duration_minutes": 60,
        "recurrence": "FREQ=WEEKLY;BYDAY=SU",
        "time_zone": "Europe/Berlin",
        "tags": ["core"],
    },
)
PAGE = _request(
    "What the public sees",
    {
        "slug": "status",
        "title": "HazeBot",
        "monitors": [{"monitor": 1, "group": "Core services", "label": "API"}],
    },
)
KUMA = _request(
    "A backup of Uptime Kuma",
    {
        "version": "1.23.16",
        "notificationList": [],
        "monitorList": [
            {
                "id": 1,
                "name": "Site",
                "type": "http",
                "url": "https://example.org",
                "interval": 60,
                "maxretries": 1,
            }
        ],
    },
)
PORTABLE = _request(
    "An export of this site",
    {
        "hazebot_monitors": 1,
        "notification_channels": [],
        "monitors": [{"name": "Site", "type": "http", "url": "https://example.org", "tags": ["core"]}],
    },
)
PUSHED = _answer("Noted", None, ok=True)
