from __future__ import annotations

from typing import Any

import httpx

from hazesite.outgoing.transports import Outcome
from monitoring.alerts.transports import REFUSED_BY_CHAT, ChannelTransport, request
from monitoring.alerts.wording import COLORS, Message, whole_text
from monitoring.models import NotificationChannel

TEXT_LENGTH = 2900
"""Slack refuses more than 3000 in a section."""


class SlackChannel(ChannelTransport):
    name = "monitor-slack"
    deadline = 15.0

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        url, body = channel.config["webhook_url"], body_of(message)
        return await request(out, "POST", url, lasting=REFUSED_BY_CHAT, json=body)


def body_of(message: Message) -> dict[str, Any]:
    title = f"*<{message.link}|{escaped(message.title)}>*"
    said = f"{title}\n{escaped(whole_text(message))[: TEXT_LENGTH - len(title)]}"
    block = {"type": "section", "text": {"type": "mrkdwn", "text": said}}
    attachment = {
        "color": f"#{COLORS[message.tone]:06x}",
        "fallback": escaped(message.title),
        "blocks": [block],
    }
    return {"text": escaped(message.title), "attachments": [attachment]}


def escaped(text: str) -> str:
    """So that nothing in it is a mention or a link: https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
