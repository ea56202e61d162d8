"""Which notifications a message makes on a phone: those of the system, and those of the app itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SILENT = {"PRIORITY_MIN", "PRIORITY_LOW"}
APP_NEEDS = ("title", "body", "ticket_id")
"""Without any one of them the app shows nothing."""


@dataclass
class Notice:
    title: str
    body: str
    tag: str | None = None
    """One with the same tag takes the place of what the tray shows."""
    rings: bool = True
    quiet_again: bool = False
    """It does not ring when it takes another's place."""
    gathers: bool = False
    """It keeps the lines of the one it takes the place of."""
    by: str = "system"


def system_notices(platform: str, message: dict[str, Any]) -> Iterator[Notice]:
    common = message.get("notification", {})
    notice = {"android": on_android, "ios": on_ios, "web": on_web}[platform](common, message)
    if notice and (notice.title or notice.body):
        yield notice


def on_android(common: dict[str, Any], message: dict[str, Any]) -> Notice:
    own = common | message.get("android", {}).get("notification", {})
    loud = own.get("notification_priority", "").upper() not in SILENT
    return Notice(own.get("title", ""), own.get("body", ""), own.get("tag"), loud)


def on_ios(common: dict[str, Any], message: dict[str, Any]) -> Notice:
    """It rings only with a sound; a payload without an alert is for the app alone."""
    config = message.get("apns", {})
    aps = config.get("payload", {}).get("aps", {})
    alert = aps.get("alert", {})
    own = common | (alert if isinstance(alert, dict) else {"body": alert})
    headers = {name.lower(): value for name, value in config.get("headers", {}).items()}
    sound = bool(aps.get("sound"))
    return Notice(own.get("title", ""), own.get("body", ""), headers.get("apns-collapse-id"), sound)


def on_web(common: dict[str, Any], message: dict[str, Any]) -> Notice:
    own = common | message.get("webpush", {}).get("notification", {})
    return Notice(
        own.get("title", ""),
        own.get("body", ""),
        own.get("tag"),
        rings=not own.get("silent", False),
        quiet_again=not own.get("renotify", False),
    )


def app_notices(message: dict[str, Any]) -> Iterator[Notice]:
    """The app on Android: one notification per ticket from data, whether or not the system showed one too."""
    data = message.get("android", {}).get("data") or message.get("data", {})
    if all(data.get(name) for name in APP_NEEDS):
        tag = f"ticket-{data['ticket_id']}"
        yield Notice(data["title"], data["body"], tag, gathers=True, by="app")
