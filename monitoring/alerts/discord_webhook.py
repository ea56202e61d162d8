from __future__ import annotations

from typing import Any

import httpx

from hazesite.outgoing.transports import Outcome
from monitoring.alerts.transports import REFUSED_BY_CHAT, ChannelTransport, request
from monitoring.alerts.wording import COLORS, Message, whole_text
from monitoring.models import NotificationChannel

TITLE_LENGTH, TEXT_LENGTH = 256, 4000


class DiscordChannel(ChannelTransport):
    name = "monitor-discord"
    deadline = 15.0

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        url, body = channel.config["webhook_url"], body_of(message)
        return await request(out, "POST", url, lasting=REFUSED_BY_CHAT, json=body)


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
