"""Messages in a channel that the configuration names: rows of the ledger, said with the bot's token.

A row is written in the transaction of its cause, and unique by what it is about: said once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from botconfig import discord_posts
from botconfig.services import read_section
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue

LIFETIME = timedelta(hours=12)


def post(
    field: str,
    thing: str,
    embed: dict[str, Any],
    *,
    content: str = "",
    roles: list[str] | None = None,
    users: list[str] | None = None,
) -> bool:
    """Into the channel that `field` of the section `channels` names; False where it names none.

    `roles` and `users` are those that `content` may ping. Inside a transaction.
    """
    channel = read_section("channels").values[field]
    if channel is None:
        return False
    pings = {"roles": roles or [], "users": users or []}
    payload = {"content": content, "embeds": [embed], "pings": pings}
    expires = timezone.now() + LIFETIME
    queue(
        [
            Delivery(
                transport=discord_posts.DISCORD,
                target=discord_posts.channel(channel),
                thing=thing,
                lane=f"channel:{channel}",
                payload=payload,
                expires_at=expires,
            )
        ]
    )
    return True
