"""The guild as rows, kept by the bot; and which of its roles give a role here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import models, transaction

from accounts import people
from accounts.models import User
from accounts.roles import Role
from botconfig import verification
from botconfig.models import GuildChannel, GuildMember, GuildRole, SectionVersion
from botconfig.services import read_section

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Guild:
    """All of it, as the bot sees it after it connected."""

    channels: list[GuildChannel]
    roles: list[GuildRole]
    members: list[GuildMember]


def role_ids() -> dict[Role, int | None]:
    """From the section `roles`, which shows what the environment sets."""
    values = read_section("roles").values
    return {
        Role.ADMIN: _number(values["admin_role_id"]),
        Role.MODERATOR: _number(values["moderator_role_id"]),
        Role.LOOTLING: settings.LOOTLING_ROLE_ID,
    }


def former_staff_role_ids() -> set[int]:
    """Roles that were once set as those of admins or moderators, and may be still."""
    changed = SectionVersion.objects.filter(section="roles").values_list("changes", flat=True)
    ids = (
        one.get(side)
        for changes in changed
        for one in (changes.get(field, {}) for field in ("admin_role_id", "moderator_role_id"))
        for side in ("from", "to")
    )
    return {int(snowflake) for snowflake in ids if snowflake}


def _number(snowflake: str | None) -> int | None:
    return int(snowflake) if snowflake else None


@transaction.atomic
def keep_guild(guild: Guild) -> None:
    """Exactly these; whoever is not among the members is in the guild no more."""
    for rows in (guild.channels, guild.roles, guild.members):
        _keep(rows)
    GuildChannel.objects.exclude(id__in=[row.id for row in guild.channels]).delete()
    GuildRole.objects.exclude(id__in=[row.id for row in guild.roles]).delete()
    gone = set(GuildMember.objects.values_list("id", flat=True)) - {row.id for row in guild.members}
    GuildMember.objects.filter(id__in=gone).delete()
    _follow(_accounts(), {row.id: row.role_ids for row in guild.members})
    verification.look_again()


@transaction.atomic
def follow_known_members() -> None:
    """Everybody whose roles the bot has seen gets what these give by now; of others nothing is known."""
    seen = GuildMember.objects.filter(id__in=_accounts().values("discord_id"))
    members = dict(seen.values_list("id", "role_ids"))
    _follow(_accounts().filter(discord_id__in=GuildMember.objects.values("id")), members)


def _accounts() -> models.QuerySet[User]:
    found: models.QuerySet[User] = User.objects.filter(discord_id__isnull=False)
    return found


def _follow(accounts: models.QuerySet[User], members: Mapping[int, Collection[int]]) -> None:
    """Each of these gets the role they have there now; nothing who is not among the members."""
    configured, changed = people.role_ids(), defaultdict(list)
    for discord_id, before in accounts.values_list("discord_id", "guild_role").order_by("discord_id"):
        role = people.guild_role(members.get(discord_id or 0), configured)
        if role != before:
            changed[role].append(discord_id)
    for role, ids in changed.items():
        for start in range(0, len(ids), MOST_AT_ONCE):
            User.objects.filter(discord_id__in=ids[start : start + MOST_AT_ONCE]).update(guild_role=role)


def _keep(rows: Iterable[models.Model]) -> None:
    rows = list(rows)
    if not rows:
        return
    model = type(rows[0])
    fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_create(
        rows, MOST_AT_ONCE, update_conflicts=True, unique_fields=["id"], update_fields=fields
    )


@transaction.atomic
def keep_channel(channel: GuildChannel) -> None:
    _keep([channel])
    verification.look_again()


@transaction.atomic
def forget_channel(channel_id: int) -> None:
    GuildChannel.objects.filter(id=channel_id).delete()
    verification.look_again()


@transaction.atomic
def keep_role(role: GuildRole) -> None:
    _keep([role])
    verification.look_again()


@transaction.atomic
def forget_role(role_id: int) -> None:
    GuildRole.objects.filter(id=role_id).delete()
    verification.look_again()


@transaction.atomic
def keep_member(member: GuildMember) -> None:
    """Also their role here: what was taken away in Discord ends with their next request."""
    _keep([member])
    people.follow_guild(member.id, member.role_ids)
    if member.is_me:
        verification.look_again()


@transaction.atomic
def forget_member(member_id: int) -> None:
    GuildMember.objects.filter(id=member_id).delete()
    people.follow_guild(member_id, None)
