"""Whether the bot could carry a section out: a look at the guild as rows, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from botconfig.cogs import FOLLOWS_GUILD
from botconfig.fields import Wanted, ids_in
from botconfig.models import BotPresence, Cog, GuildChannel, GuildMember, GuildRole
from botconfig.sections import fields_of

MOST_IN_CATEGORY = 50
ADMINISTRATOR, MANAGE_ROLES = 1 << 3, 1 << 28
NOT_THERE = ("unknown_channel", "unknown_role")
"""What may also mean that the rows have not heard of something that was just made."""


@dataclass(frozen=True)
class Problem:
    """`code` is one of unknown_channel, wrong_kind, category_full, unknown_role, role_is_everyone,
    role_is_managed, role_too_high, may_not_give_roles, not_valid."""

    field: str
    code: str
    reason: str

    @property
    def of(self) -> str:
        """The field of the section it is in."""
        return self.field.partition(".")[0]

    def shown(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "reason": self.reason}


@dataclass(frozen=True)
class GuildSeen:
    """The guild as rows, as far as it matters here."""

    channels: Mapping[int, GuildChannel]
    children: Mapping[int, int]
    roles: Mapping[int, GuildRole]
    own_roles: frozenset[int]

    @property
    def own_top(self) -> int:
        return max((self.roles[one].position for one in self.own_roles if one in self.roles), default=0)

    @property
    def may_give_roles(self) -> bool:
        held = 0
        for one in {*self.own_roles, settings.DISCORD_GUILD_ID or 0}:
            held |= self.roles[one].permissions if one in self.roles else 0
        return bool(held & (ADMINISTRATOR | MANAGE_ROLES))


def guild_in_sight() -> GuildSeen | None:
    """None while nobody keeps the rows: what they say may be old. Six queries."""
    presence = BotPresence.objects.filter(name="bot", until__gt=timezone.now()).first()
    if presence is None or not (presence.facts.get("connected") and presence.facts.get("guild_known")):
        return None
    if not Cog.objects.filter(name=FOLLOWS_GUILD, loaded=True).exists():
        return None
    return guild_as_rows()


def guild_as_rows() -> GuildSeen | None:
    """As it was last seen; None where it never was."""
    me = GuildMember.objects.filter(is_me=True).first()
    if me is None:
        return None
    channels = GuildChannel.objects.in_bulk()
    in_categories = GuildChannel.objects.order_by().exclude(parent_id=None).values_list("parent_id")
    children = dict(in_categories.annotate(count=Count("id")))
    return GuildSeen(channels, children, GuildRole.objects.in_bulk(), frozenset(me.role_ids))


def problems_of(name: str, values: Mapping[str, Any], seen: GuildSeen | None) -> list[Problem]:
    """What the bot could not do of a section with these values. Without a guild, what is never possible."""
    found = (
        _problem(path, number, wanted, seen)
        for field, described in fields_of(name).items()
        for path, number, wanted in ids_in(described, values[field], field)
    )
    return [problem for problem in found if problem is not None]


def _problem(path: str, number: int, wanted: Wanted, seen: GuildSeen | None) -> Problem | None:
    looks = _role_problems if wanted.what == "role" else _channel_problems
    return next((Problem(path, code, reason) for code, reason in looks(number, wanted, seen)), None)


def _channel_problems(number: int, wanted: Wanted, seen: GuildSeen | None) -> Iterator[tuple[str, str]]:
    if seen is None:
        return
    channel = seen.channels.get(number)
    if channel is None:
        yield "unknown_channel", _("There is no such channel in the server, or the bot does not see it.")
    elif channel.kind not in wanted.kinds:
        kinds = {"kind": channel.kind, "wanted": _(" or ").join(wanted.kinds)}
        yield "wrong_kind", _("This is a channel of the kind %(kind)s; it takes %(wanted)s.") % kinds
    elif wanted.room and seen.children.get(number, 0) >= MOST_IN_CATEGORY:
        yield "category_full", _("This category is full: Discord allows 50 channels in one.")


def _role_problems(number: int, wanted: Wanted, seen: GuildSeen | None) -> Iterator[tuple[str, str]]:
    if number == settings.DISCORD_GUILD_ID:
        yield "role_is_everyone", _("This is the role of everybody in the server.")
    if seen is None:
        return
    role = seen.roles.get(number)
    if role is None:
        yield "unknown_role", _("There is no such role in the server.")
    elif wanted.given:
        yield from _giving_problems(role, seen)


def _giving_problems(role: GuildRole, seen: GuildSeen) -> Iterator[tuple[str, str]]:
    if role.managed:
        yield "role_is_managed", _("This role belongs to an integration; nobody can give it.")
    if role.position >= seen.own_top:
        yield "role_too_high", _("The bot can only give roles below its own highest one.")
    if not seen.may_give_roles:
        yield "may_not_give_roles", _("The bot lacks the permission to manage roles.")
