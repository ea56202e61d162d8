"""What the bot keeps of the members of the guild."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botconfig.models import GuildMember
from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace

MEMBER = ("id", "name", "display_name", "avatar", "role_ids")


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    yield "guild_member", GuildMember.objects.filter(id=person.discord_id or 0).values(*MEMBER)


def erase(trace: Trace) -> int:
    return GuildMember.objects.filter(id=trace.person.discord_id or 0).delete()[0]


def register() -> None:
    personal_data.register(Part("guild", ("botconfig.GuildMember",), export, erase, turn=2))
    personal_data.not_personal(
        "Settings; who changed them is a pseudonym", "botconfig.Section", "botconfig.SectionVersion"
    )
    personal_data.not_personal("Which part of the bot; who asked is a pseudonym", "botconfig.BotCommand")
    places = ("botconfig.GuildChannel", "botconfig.GuildRole")
    personal_data.not_personal("A place or a role of the guild, nobody's own", *places)
