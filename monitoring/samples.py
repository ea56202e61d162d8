"""The monitors of this site itself, staggered, and the status page that shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import User
from monitoring.importing import plan, portable
from monitoring.importing.plan import Report
from monitoring.models import Monitor, StatusPage
from monitoring.services import status_pages

SLUG, TITLE = "status", "HazeBot"
CORE, FEATURES, FRONT, CERTIFICATE = "Core services", "Features", "Front end", "Certificate"


@dataclass(frozen=True)
class Sample:
    name: str
    group: str
    severity: str
    interval: int
    path: str = ""
    type: str = "http"
    token: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "url": f"{settings.PUBLIC_URL}{self.path}",
            "severity": self.severity,
            "interval": max(self.interval, settings.MONITOR_MIN_INTERVAL),
            "timeout": 30,
            "tags": ["hazebot"],
            "uses_monitoring_token": self.token,
            **self.more,
        }


SAMPLES = (
    Sample("HazeBot API - Health Check", CORE, "critical", 60, "/api/health"),
    Sample("HazeBot API - Detailed Health", CORE, "warning", 180, "/api/health?detailed=true"),
    Sample("HazeBot API - Auth Ping", CORE, "critical", 120, "/api/ping", token=True),
    Sample("HazeBot API - WebSocket", CORE, "warning", 180, type="socketio"),
    Sample("HazeBot API - Tickets", FEATURES, "critical", 180, "/api/tickets", token=True),
    Sample("HazeBot API - Discord OAuth", FEATURES, "warning", 300, "/api/discord/auth"),
    Sample("HazeBot API - Analytics", FEATURES, "warning", 300, "/api/analytics/data", token=True),
    Sample("HazeBot Admin - Frontend", FRONT, "warning", 180, "/admin/login/"),
    Sample("HazeBot SSL Certificate", CERTIFICATE, "warning", 3600, type="tls"),
)


def rows() -> list[dict[str, Any]]:
    """All nine. What this site does not have (a certificate, signing in with Discord) is paused."""
    found = [sample.as_row() for sample in SAMPLES]
    parts = urlsplit(settings.PUBLIC_URL)
    for row in found:
        if row["type"] == "tls":
            del row["url"]
            row |= {"host": parts.hostname or "localhost", "port": parts.port or 443}
            row["active"] = parts.scheme == "https"
        elif row["url"].endswith("/api/discord/auth"):
            row["active"] = bool(settings.DISCORD_CLIENT_ID)
    return found


def create(actor: User) -> Report:
    """Those that are not here yet, and the page. A second time changes nothing. Never in a transaction."""
    document = {"hazebot_monitors": portable.VERSION, "monitors": rows()}
    report = plan.run(actor, document)
    if not StatusPage.objects.filter(slug=SLUG).exists():
        entries = _entries()
        status_pages.save_page(actor, {"slug": SLUG, "title": TITLE, "monitors": entries})
    return report


def _entries() -> list[dict[str, Any]]:
    keys = dict(Monitor.objects.order_by("-pk").values_list("name", "pk"))
    return [
        {"monitor": keys[sample.name], "group": sample.group} for sample in SAMPLES if sample.name in keys
    ]
