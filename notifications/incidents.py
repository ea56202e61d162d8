"""Alerts of uptime monitors on the devices of staff: a channel that tells people as notifications do."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from django.db import close_old_connections, connections

from accounts.models import User
from accounts.roles import STAFF
from hazesite.outgoing.transports import Outcome, Sent
from monitoring.alerts.transports import ChannelTransport
from monitoring.alerts.wording import Message, whole_text
from monitoring.models import NotificationChannel
from notifications.kinds import Kind
from notifications.models import Notification
from notifications.services.telling import tell


class PushChannel(ChannelTransport):
    """Each person is told by their own devices and preferences; what becomes of that has rows of its own."""

    name = "monitor-push"

    async def post(self, channel: NotificationChannel, message: Message, out: httpx.AsyncClient) -> Outcome:
        return await asyncio.to_thread(_tell, channel.config, message)


def _tell(config: dict[str, Any], message: Message) -> Outcome:
    close_old_connections()
    try:
        people = [one for one in User.objects.staff() if one.role in config.get("roles", STAFF)]
        tell(_notification(one, message) for one in people)
        return Sent()
    finally:
        connections.close_all()


def _notification(user: User, message: Message) -> Notification:
    """Critical ones ring at any hour."""
    facts = {"title": message.title, "body": whole_text(message)}
    if message.critical:
        facts["priority"] = "high"
    return Notification(user=user, kind=Kind.INCIDENT, thing=message.thing, facts=facts)
