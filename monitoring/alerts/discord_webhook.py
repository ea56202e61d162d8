from __future__ import annotations

from typing import Any

import httpx

from hazesite.outgoing.transports import Outcome
from monitoring.alerts.transports import ChannelTransport, request
from monitoring.alerts.wording import COLORS, Message, whole_text
from monitoring.models import NotificationChannel

TITLE_LENGTH, TEXT_LENGTH = 256, 4000


class DiscordChannel(ChannelTransport):
    name = "monitor-discord"
    deadline = 15.0

    async def post(
        self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient
    ) -> Outcome:
        return await request(out, "POST", channel.config["webhook_url"], 10.0, json=body_of(message))


def body_of(message: Message) -> dict[str, Any]:
    """An embed. Nobody is pinged, whatever a monitor is called."""
    embed = {
        "title": message.title[:TITLE_LENGTH],
        "description": whole_text(message)[:TEXT_LENGTH],
        "url": message.link,
        "color": COLORS[message.tone],
        "timestamp": message.at.isoformat(),
        "footer": {"text": message.thing},
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}
