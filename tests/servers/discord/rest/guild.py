"""The guild, its members and roles, and users."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.servers.discord import payloads, permissions
from tests.servers.discord.errors import check_length, missing_permissions, number, unauthorized, unknown
from tests.servers.discord.membership import give_role, member_changed, take_role
from tests.servers.discord.permissions import Permission
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Member, Role

MEMBER = "/guilds/{guild}/members/{person}"


@door("GET", "/guilds/{guild}", "GUILD")
async def get_guild(call: Call) -> Any:
    call.of_guild()
    return payloads.guild(call.community)


@door("GET", "/guilds/{guild}/roles", "LIST_OF_ROLE")
async def list_roles(call: Call) -> Any:
    call.of_guild()
    return [payloads.role(one) for one in call.community.roles.values()]


@door("GET", "/guilds/{guild}/members", "LIST_OF_MEMBER")
async def list_members(call: Call) -> Any:
    """By id, from `after` on. Needs the members intent in the portal."""
    call.of_guild()
    if not call.community.portal.privileged_intents & 1 << 1:
        raise missing_permissions()
    limit, after = call.number("limit", 1, 1, 1000), call.number("after", 0, 0, 1 << 63)
    found = sorted(one for one in call.community.members if one > after)[:limit]
    return [payloads.member(call.community, call.community.members[one]) for one in found]


@door("GET", MEMBER, "MEMBER")
async def get_member(call: Call) -> Any:
    call.of_guild()
    return payloads.member(call.community, member_of(call))


def member_of(call: Call) -> Member:
    """404 says which it is: no such user, or one who is not here."""
    person = call.path["person"]
    if not person.isdigit() or int(person) not in call.community.people:
        raise unknown("user")
    return call.community.member(person)


@door("PATCH", "/guilds/{guild}/members/@me", "MEMBER")
async def edit_me(call: Call) -> Any:
    call.of_guild(Permission.CHANGE_NICKNAME)
    check_length("nick", call.fields.get("nick") or "", 0, 32)
    member = call.community.members[call.bot.id]
    member.nick = call.fields.get("nick") or None
    member_changed(call.community, member)
    return payloads.member(call.community, member)


@door("PATCH", MEMBER, "MEMBER")
async def edit_member(call: Call) -> Any:
    call.of_guild()
    member = member_of(call)
    if "nick" in call.fields:
        check_length("nick", call.fields["nick"] or "", 0, 32)
        call.of_guild(Permission.MANAGE_NICKNAMES)
        outranks(call, member)
        member.nick = call.fields["nick"] or None
    if "roles" in call.fields:
        wanted = {number("roles", one) for one in call.fields["roles"] or []}
        for role_id in wanted ^ member.roles:
            may_hand_out(call, call.community.role(role_id))
        member.roles = wanted
    if "communication_disabled_until" in call.fields:
        call.of_guild(Permission.MODERATE_MEMBERS)
        outranks(call, member)
        until = call.fields["communication_disabled_until"]
        member.silent_until = datetime.fromisoformat(until).timestamp() if until else None
    member_changed(call.community, member)
    return payloads.member(call.community, member)


def outranks(call: Call, member: Member) -> None:
    community = call.community
    own = permissions.top_position(community, community.members[call.bot.id])
    if member.person is not call.bot and permissions.top_position(community, member) >= own:
        raise missing_permissions()


def may_hand_out(call: Call, role: Role) -> None:
    """Roles below the bot's own highest one, and none that belongs to an integration."""
    call.of_guild(Permission.MANAGE_ROLES)
    own = permissions.top_position(call.community, call.community.members[call.bot.id])
    if role.position >= own or role.managed or role.id == call.community.guild_id:
        raise missing_permissions()


@door("PUT", f"{MEMBER}/roles/{{role}}")
async def add_role(call: Call) -> None:
    call.of_guild()
    member, role = member_of(call), call.community.role(call.path["role"])
    may_hand_out(call, role)
    give_role(call.community, member, role)


@door("DELETE", f"{MEMBER}/roles/{{role}}")
async def remove_role(call: Call) -> None:
    call.of_guild()
    member, role = member_of(call), call.community.role(call.path["role"])
    may_hand_out(call, role)
    take_role(call.community, member, role)


@door("GET", "/users/@me", "ACCOUNT", auth="either")
async def get_me(call: Call) -> Any:
    if call.bearer is None:
        return payloads.account(call.bot)
    me = payloads.account(call.person("identify"))
    return (
        me
        if "email" in call.bearer.scopes
        else {k: v for k, v in me.items() if k not in ("email", "verified")}
    )


@door("GET", "/users/@me/guilds", "LIST_OF_MY_GUILD", auth="either")
async def my_guilds(call: Call) -> Any:
    person = call.person("guilds") if call.bearer else call.bot
    member = call.community.members.get(person.id)
    if member is None:
        return []
    whole = payloads.guild(call.community)
    mine = {name: whole[name] for name in ("id", "name", "icon", "banner", "features")}
    held = permissions.in_guild(call.community, member)
    return [mine | {"owner": person is call.community.owner, "permissions": str(int(held))}]


@door("GET", "/users/@me/guilds/{guild}/member", "MEMBER", auth="bearer")
async def my_membership(call: Call) -> Any:
    """Who is not in the guild learns that there is no such guild."""
    person = call.person("guilds.members.read")
    if call.path["guild"] != str(call.community.guild_id) or person.id not in call.community.members:
        raise unknown("guild")
    return payloads.member(call.community, call.community.members[person.id])


@door("GET", "/users/{person}", "USER")
async def get_user(call: Call) -> Any:
    person = call.path["person"]
    if not person.isdigit() or int(person) not in call.community.people:
        raise unknown("user")
    return payloads.person(call.community.people[int(person)])


@door("GET", "/oauth2/applications/@me", "APPLICATION")
@door("GET", "/applications/@me", "APPLICATION")
async def get_application(call: Call) -> Any:
    return payloads.application(call.community)


@door("GET", "/oauth2/@me", "AUTHORIZATION", auth="bearer")
async def get_authorization(call: Call) -> Any:
    if call.bearer is None:
        raise unauthorized()
    brief = {
        name: payloads.application(call.community)[name] for name in ("id", "name", "icon", "description")
    }
    brief |= {"bot_public": False, "bot_require_code_grant": False, "verify_key": "0" * 64}
    answer: dict[str, Any] = {
        "application": brief,
        "scopes": call.bearer.scopes,
        "expires": payloads.when(call.bearer.expires_at),
    }
    return answer | (
        {"user": payloads.person(call.person("identify"))} if "identify" in call.bearer.scopes else {}
    )


@door("GET", "/gateway", "GATEWAY", auth="none")
async def get_gateway(call: Call) -> Any:
    return {"url": call.community.base_url.replace("http", "ws", 1)}


@door("GET", "/gateway/bot", "GATEWAY_BOT")
async def get_gateway_bot(call: Call) -> Any:
    start = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
    return {
        "url": call.community.base_url.replace("http", "ws", 1),
        "shards": 1,
        "session_start_limit": start,
    }
