"""Whether somebody is still in the guild, and with which roles, asked with the bot's token."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from django.conf import settings

from accounts import people
from accounts.models import Session
from hazesite import outbound
from hazesite.breaker import Breaker
from hazesite.errors import Refused

SECONDS = 2.0
UNKNOWN_MEMBER, UNKNOWN_USER = 10007, 10013
logger = structlog.get_logger(__name__)
_breaker = Breaker()


class Unexpected(Exception):
    """Discord answered something that says nothing about the member."""


def reread(key: str, generation: int) -> None:
    """Follow the guild for the person of a sign-in, while no bot does. Never inside a transaction.

    Where Discord does not answer in time the role stays as it is.
    """
    if not (settings.DISCORD_TOKEN and settings.DISCORD_GUILD_ID and people.bot_is_away()):
        return
    session = Session.objects.live().select_related("user").filter(key=key).first()
    if session is None or not session.user.discord_id or not session.accepts(generation):
        return
    if not _breaker.is_open:
        _follow(session.user.discord_id)


def _follow(discord_id: int) -> None:
    try:
        held = roles_of(discord_id)
    except (Refused, httpx.HTTPError, Unexpected, ValueError, KeyError, TypeError) as error:
        _breaker.trip()
        logger.warning("member_not_read", discord_id=discord_id, error=repr(error))
        return
    people.follow_guild(discord_id, held)


def roles_of(discord_id: int) -> set[int] | None:
    """The ids of a member's roles in the guild; None for somebody who is not in it.

    Raises `Unexpected`, and what `outbound.fetch` raises.
    """
    answer = outbound.fetch(
        "GET",
        f"{settings.DISCORD_API_URL}/guilds/{settings.DISCORD_GUILD_ID}/members/{discord_id}",
        headers={"Authorization": f"Bot {settings.DISCORD_TOKEN}"},
        deadline=SECONDS,
        trusted=[urlsplit(settings.DISCORD_API_URL).hostname or ""],
    )
    if answer.status == 200:
        return {int(role) for role in orjson.loads(answer.body)["roles"]}
    # A guild that the bot is not in is a 404 as well: nobody loses a role over that.
    if answer.status == 404 and orjson.loads(answer.body).get("code") in (UNKNOWN_MEMBER, UNKNOWN_USER):
        return None
    raise Unexpected(answer.status)
