"""Alerts as JSON for a program of the user's own."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
from django.conf import settings

from hazesite.outgoing.transports import Outcome
from hazesite.signatures import signed
from monitoring.alerts.transports import ChannelTransport, request
from monitoring.alerts.wording import Message, whole_text
from monitoring.models import NotificationChannel

TIMEOUT = 30


class WebhookChannel(ChannelTransport):
    name = "monitor-webhook"
    deadline = 65.0

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        config = channel.config
        method, timeout = config.get("method", "POST"), float(config.get("timeout", TIMEOUT))
        body = b"" if method == "GET" else orjson.dumps(body_of(message), option=orjson.OPT_UTC_Z)
        ours = {"Idempotency-Key": message.thing, "webhook-id": message.thing}
        if secret := config.get("secret"):
            ours |= signed(secret, message.thing, body.decode())
        headers = {"Content-Type": "application/json", **config.get("headers", {}), **ours}
        sent: dict[str, Any] = {"content": body, "headers": headers, "timeout": timeout}
        return await request(out, method, config["url"], deadline=timeout, **sent)


def body_of(message: Message) -> dict[str, Any]:
    """`text` alone is what Slack, Mattermost and their like show of a plain webhook."""
    return {
        "event": message.event,
        "id": message.thing,
        "timestamp": message.at,
        "title": message.title,
        "text": f"{message.title}\n{whole_text(message)}",
        "link": message.link,
        "site": settings.PUBLIC_URL,
        **message.facts,
    }
