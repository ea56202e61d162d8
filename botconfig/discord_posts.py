"""What the site says in Discord by itself: rows of the outgoing ledger, sent with the bot's token.

No running bot is needed for it. Queue a `Delivery(transport="discord")` with the target `channel:<id>` or
`user:<id>` (a direct message) and a payload of `content` and, or, `embeds` as Discord has them. Nobody is
pinged but those in `pings`: lists of ids under `roles` and `users`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils import timezone

from hazesite import __version__, outbound
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import GiveUp, Outcome, Ready, Retry, Sent, Transport, Verdict, Wait

DISCORD = "discord"
PINGS_NOBODY: dict[str, Any] = {"parse": []}
LOOK_AGAIN = timedelta(minutes=5)
_direct: dict[str, str] = {}
"""The channel of direct messages with each person, which never changes."""


def channel(channel_id: int | str) -> str:
    """A target."""
    return f"channel:{channel_id}"


def person(discord_id: int | str) -> str:
    """A target: their direct messages."""
    return f"user:{discord_id}"


class DiscordPosts(Transport):
    name = DISCORD
    deadline = 25.0
    at_once = 8
    at_once_per_target = 1

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        """Without a token they wait until their time is over."""
        if not settings.DISCORD_TOKEN:
            return {one.pk: Wait(timezone.now() + LOOK_AGAIN) for one in deliveries}
        return self.wanted(deliveries)

    def wanted(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        return {one.pk: Ready(one.payload) for one in deliveries}

    async def send(self, delivery: Delivery, content: Any, out: httpx.AsyncClient) -> Outcome:
        """The nonce: an attempt whose answer got lost is no second message, for some minutes."""
        body = {"content": content.get("content", ""), "embeds": content.get("embeds", [])}
        pinged = PINGS_NOBODY | content.get("pings", {})
        body |= {"nonce": f"d{delivery.pk}", "enforce_nonce": True, "allowed_mentions": pinged}
        return await asyncio.to_thread(_say, delivery.target, body)


def _say(target: str, body: dict[str, Any]) -> Outcome:
    try:
        place = _place(target)
        if isinstance(place, str):
            answer = _call(f"/channels/{place}/messages", body)
            return Sent() if 200 <= answer.status < 300 else _failed(answer)
        return _failed(place)
    except (outbound.AnswerTooLarge, outbound.TookTooLong, httpx.HTTPError) as error:
        return Retry(f"{type(error).__name__}: {error}")


def _place(target: str) -> str | outbound.Answer:
    """The channel's id, or Discord's refusal to open one."""
    kind, _colon, key = target.partition(":")
    if kind == "channel" or key in _direct:
        return _direct.get(key, key)
    answer = _call("/users/@me/channels", {"recipient_id": key})
    if not 200 <= answer.status < 300:
        return answer
    _direct[key] = str(json.loads(answer.body)["id"])
    return _direct[key]


def _call(path: str, body: dict[str, Any]) -> outbound.Answer:
    url = settings.DISCORD_API_URL
    return outbound.fetch(
        "POST",
        f"{url}{path}",
        json=body,
        headers={"Authorization": f"Bot {settings.DISCORD_TOKEN}", "User-Agent": _user_agent()},
        trusted=[urlsplit(url).hostname or ""],
    )


def _user_agent() -> str:
    """Discord asks for this form: https://docs.discord.com/developers/reference#user-agent"""
    return f"DiscordBot ({settings.PUBLIC_URL}, {__version__})"


def _failed(answer: outbound.Answer) -> Outcome:
    """What Discord refuses for good is given up: no such channel, no right, a person who takes none."""
    reason = f"Discord answered {answer.status}: {_words(answer)}"
    if answer.status in (400, 403, 404):
        return GiveUp(reason)
    return Retry(reason, outbound.retry_after(answer))


def _words(answer: outbound.Answer) -> str:
    try:
        said = json.loads(answer.body)
        return f"{said['message']} ({said.get('code', 0)})"
    except (ValueError, KeyError, TypeError):
        return ""
