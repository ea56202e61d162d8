"""Our own format: monitors and channels by name, without keys of a database.

{"hazebot_monitors": 1, "notification_channels": [{"name", "type", "config", …}],
 "monitors": [{"name", "type", …, "parent": name, "notification_channels": [names]}]}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from monitoring.models import Monitor, NotificationChannel
from monitoring.monitor_settings import COLUMNS
from monitoring.services.channels import shown_config

VERSION = 1
OF_CHANNEL = (
    "name", "type", "active", "default", "templates", "remind_minutes", "flap_changes", "flap_minutes",
    "storm_alerts", "storm_seconds", "time_zone",
)  # fmt: skip


class Unusable(ValueError):
    """The file as a whole is none of those that are understood."""


@dataclass
class Skipped:
    kind: str
    name: str
    reason: str


@dataclass
class Wanted:
    """What a file asks for, and what of it cannot be had or is had differently (`notes`)."""

    channels: list[dict[str, Any]] = field(default_factory=list)
    monitors: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Skipped] = field(default_factory=list)


def read(document: dict[str, Any]) -> Wanted:
    """Raises `Unusable`."""
    if document.get("hazebot_monitors") != VERSION:
        raise Unusable("It is of a version that is not understood here.")
    wanted = Wanted()
    for kind, into in (("notification_channels", wanted.channels), ("monitors", wanted.monitors)):
        rows = document.get(kind, [])
        if not isinstance(rows, list):
            raise Unusable(f"{kind} is no list.")
        for place, row in enumerate(rows):
            if isinstance(row, dict) and isinstance(row.get("name"), str):
                into.append(dict(row))
            else:
                wanted.skipped.append(Skipped(kind, f"#{place + 1}", "It is no object with a name."))
    return wanted


def export(*, with_secrets: bool = False) -> dict[str, Any]:
    """All of both. Without secrets values of headers are null, and `…` stands in configs. Six queries."""
    channels = NotificationChannel.objects.order_by("name")
    rows = Monitor.objects.order_by("name", "pk").select_related("parent", "escalation")
    monitors = rows.prefetch_related("tags", "notification_channels")
    return {
        "hazebot_monitors": VERSION,
        "exported_at": timezone.now(),
        "notification_channels": [_channel(row, with_secrets=with_secrets) for row in channels],
        "monitors": list(_monitors(monitors, with_secrets=with_secrets)),
    }


def _channel(channel: NotificationChannel, *, with_secrets: bool) -> dict[str, Any]:
    found = {name: getattr(channel, name) for name in OF_CHANNEL}
    found["summary_at"] = f"{channel.summary_at:%H:%M}" if channel.summary_at else None
    return found | {"config": channel.config if with_secrets else shown_config(channel)}


def _monitors(monitors: Iterable[Monitor], *, with_secrets: bool) -> Iterable[dict[str, Any]]:
    for monitor in monitors:
        found = {name: getattr(monitor, name) for name in COLUMNS}
        if not with_secrets:
            found["headers"] = dict.fromkeys(monitor.headers)
        elif monitor.push_token:
            found["push_token"] = monitor.push_token
        yield found | {
            "tags": [tag.name for tag in monitor.tags.all()],
            "parent": monitor.parent and monitor.parent.name,
            "escalation": monitor.escalation and monitor.escalation.name,
            "notification_channels": [channel.name for channel in monitor.notification_channels.all()],
        }
