"""A guild as rows, as the bot writes them, and a bot that is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from botconfig import guild
from botconfig.models import BotPresence, Cog, GuildChannel, GuildMember, GuildRole

GUILD, ME = 1000, 1001
LOG, NEWS, VOICE, TICKETS, FULL = 11, 12, 13, 14, 15
OWN, LOW, HIGH, MANAGED = 21, 22, 23, 24
MANAGE_ROLES = 1 << 28


def channels() -> list[GuildChannel]:
    rows = [
        GuildChannel(id=LOG, name="log", kind="text"),
        GuildChannel(id=NEWS, name="news", kind="news"),
        GuildChannel(id=VOICE, name="lounge", kind="voice"),
        GuildChannel(id=TICKETS, name="Tickets", kind="category"),
        GuildChannel(id=FULL, name="Full", kind="category"),
    ]
    return rows + [
        GuildChannel(id=100 + one, name=f"c{one}", kind="text", parent_id=FULL) for one in range(50)
    ]


def roles() -> list[GuildRole]:
    return [
        GuildRole(id=GUILD, name="@everyone", position=0),
        GuildRole(id=LOW, name="Member", position=1),
        GuildRole(id=MANAGED, name="Booster", position=2, managed=True),
        GuildRole(id=OWN, name="Haze", position=3, managed=True, permissions=MANAGE_ROLES),
        GuildRole(id=HIGH, name="Admin", position=4),
    ]


def me() -> GuildMember:
    return GuildMember(id=ME, name="haze", display_name="Haze", role_ids=[OWN], is_bot=True, is_me=True)


def stands(*, without: tuple[int, ...] = ()) -> None:
    """The bot has read the whole guild."""
    left = [[row for row in rows if row.id not in without] for rows in (channels(), roles())]
    guild.keep_guild(guild.Guild(left[0], left[1], [me()]))  # type: ignore[arg-type]


def bot_is_there(**facts: Any) -> None:
    shown = {"connected": True, "guild_known": True, **facts}
    until = timezone.now() + timedelta(seconds=60)
    BotPresence.objects.update_or_create(name="bot", defaults={"until": until, "facts": shown})
    Cog.objects.update_or_create(name="guild_rows", defaults={"loaded": True})
