"""Who is in the guild, and with which roles."""

from __future__ import annotations

from tests.servers.discord import payloads, permissions, places
from tests.servers.discord.community import BOT_ROLE_POSITION, Community
from tests.servers.discord.state import Member, Person, Role


def join(community: Community, person: Person) -> Member:
    member = community.members.get(person.id)
    if member is None:
        member = community.members[person.id] = Member(person, community.clock.now())
        in_guild = {"guild_id": str(community.guild_id)}
        community.tell("GUILD_MEMBER_ADD", payloads.member(community, member) | in_guild)
    return member


def leave(community: Community, person: Person) -> None:
    """The person's roles and places in threads are gone, what they wrote stays."""
    if community.members.pop(person.id, None) is None:
        return
    for channel in community.channels.values():
        if channel.thread and not channel.thread.archived:
            places.leave_thread(community, channel, person)
    told = {"guild_id": str(community.guild_id), "user": payloads.person(person)}
    community.tell("GUILD_MEMBER_REMOVE", told)


def kick_bot(community: Community) -> None:
    """The role of an integration goes with it, and so do the commands of this guild."""
    delete_role(community, community.bot_role)
    leave(community, community.bot)
    community.commands = {key: one for key, one in community.commands.items() if one.guild_id is None}


def invite_bot(community: Community) -> None:
    bits = int(permissions.BOT)
    role = Role(community.ids.next(), "Haze", bits, BOT_ROLE_POSITION, managed=True)
    community.roles[role.id] = community.bot_role = role
    community.members[community.bot.id] = Member(community.bot, community.clock.now(), {role.id})


def make_role(community: Community, name: str, permissions: int, *, mentionable: bool = False) -> Role:
    """Above the ones made before, below the bot's."""
    position = 1 + sum(1 for one in community.roles.values() if not one.managed and one.position)
    role = Role(community.ids.next(), name, permissions, position, mentionable=mentionable)
    community.roles[role.id] = role
    community.tell("GUILD_ROLE_CREATE", {"guild_id": str(community.guild_id), "role": payloads.role(role)})
    return role


def delete_role(community: Community, role: Role) -> None:
    for member in community.members.values():
        if role.id in member.roles:
            take_role(community, member, role)
    for channel in community.channels.values():
        places.remove_overwrite(community, channel, role.id)
    del community.roles[role.id]
    community.tell("GUILD_ROLE_DELETE", {"guild_id": str(community.guild_id), "role_id": str(role.id)})


def give_role(community: Community, member: Member, role: Role) -> None:
    if role.id not in member.roles:
        member.roles.add(role.id)
        member_changed(community, member)


def take_role(community: Community, member: Member, role: Role) -> None:
    if role.id in member.roles:
        member.roles.discard(role.id)
        member_changed(community, member)


def member_changed(community: Community, member: Member) -> None:
    body = payloads.member(community, member) | {"guild_id": str(community.guild_id)}
    community.tell("GUILD_MEMBER_UPDATE", body)


def edit_role(community: Community, role: Role, permissions: int) -> None:
    role.permissions = permissions
    community.tell("GUILD_ROLE_UPDATE", {"guild_id": str(community.guild_id), "role": payloads.role(role)})
