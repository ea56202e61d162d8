"""Channels of the guild, and who may do what in them."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import payloads, permissions, places
from tests.servers.discord.errors import ApiError, invalid, missing_access, missing_permissions, number
from tests.servers.discord.limits import Refusal
from tests.servers.discord.permissions import Permission
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Channel, ChannelKind, Overwrite

OVERWRITE = "/channels/{channel}/permissions/{overwrite}"


class TooManyRenames(Exception):
    """The hidden limit of names and topics."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.scope)
        self.refusal = refusal


@door("POST", "/guilds/{guild}/channels", "CHANNEL", status=201)
async def create_channel(call: Call) -> Any:
    call.of_guild(Permission.MANAGE_CHANNELS)
    fields = call.fields
    given = fields.get("permission_overwrites")
    overwrites = None if given is None else places.overwrites(given)
    for one in overwrites or []:
        check_overwrite(call, one)
    kind = fields.get("type") or 0
    if kind not in (0, 2, 4, 5):
        raise invalid("type", "BASE_TYPE_CHOICES", "Value must be one of (0, 2, 4, 5).")
    made = places.create_channel(
        call.community, fields.get("name"), ChannelKind(kind), topic=fields.get("topic"),
        parent_id=number("parent_id", fields.get("parent_id") or 0) or None,
        nsfw=bool(fields.get("nsfw")), overwrites=overwrites,
    )  # fmt: skip
    return payloads.channel(call.community, made)


def check_overwrite(call: Call, one: Overwrite) -> None:
    """A bot grants and denies only what it has in the guild, and managing roles only as administrator."""
    held = permissions.in_guild(call.community, call.community.members[call.bot.id])
    touched = Permission(one.allow | one.deny)
    if Permission.ADMINISTRATOR in held:
        return
    if touched & ~held or Permission.MANAGE_ROLES in touched:
        raise missing_permissions()


@door("GET", "/guilds/{guild}/channels", "LIST_OF_CHANNEL")
async def list_channels(call: Call) -> Any:
    call.of_guild()
    return [
        payloads.channel(call.community, one)
        for one in call.community.channels.values()
        if places.is_of_guild(one)
    ]


@door("GET", "/channels/{channel}", "CHANNEL")
async def get_channel(call: Call) -> Any:
    return payloads.channel(call.community, call.channel())


@door("PATCH", "/channels/{channel}", "CHANNEL")
async def edit_channel(call: Call) -> Any:
    channel = call.channel()
    if channel.thread:
        return payloads.channel(call.community, edit_thread(call, channel))
    call.allowed(channel, Permission.MANAGE_CHANNELS)
    if "permission_overwrites" in call.fields:
        call.allowed(channel, Permission.MANAGE_ROLES)
        for one in places.overwrites(call.fields["permission_overwrites"] or []):
            if channel.overwrites.get(one.id) != one:
                check_overwrite(call, one)
    check_renames(call, channel)
    return payloads.channel(call.community, places.edit_channel(call.community, channel, call.fields))


def check_renames(call: Call, channel: Channel) -> None:
    renames = any(
        name in call.fields and call.fields[name] != getattr(channel, name) for name in ("name", "topic")
    )
    if renames and (refusal := call.limits.rename(channel)):
        raise TooManyRenames(refusal)


def edit_thread(call: Call, channel: Channel) -> Channel:
    assert channel.thread
    held = call.community.may(call.bot, channel)
    own = channel.thread.owner_id == call.bot.id
    opens = set(call.fields) <= {"archived"} and not channel.thread.locked
    if not (Permission.MANAGE_THREADS in held or (own and "locked" not in call.fields) or opens):
        raise missing_permissions()
    if "name" in call.fields:
        check_renames(call, channel)
    return places.edit_thread(call.community, channel, call.fields, call.bot)


@door("DELETE", "/channels/{channel}", "CHANNEL")
async def delete_channel(call: Call) -> Any:
    channel = call.channel()
    if channel.kind is ChannelKind.DM:
        return payloads.channel(call.community, channel)
    call.allowed(channel, Permission.MANAGE_THREADS if channel.thread else Permission.MANAGE_CHANNELS)
    return places.delete_channel(call.community, channel)


@door("PUT", OVERWRITE)
async def put_overwrite(call: Call) -> None:
    channel = in_place(call)
    target, kind = int(call.path["overwrite"]), number("type", call.fields.get("type", 0))
    known = call.community.roles if kind == 0 else call.community.people
    if target not in known:
        raise ApiError(404, 10009, "Unknown Overwrite")
    one = places.overwrites([{**call.fields, "id": target, "type": kind}])[0]
    check_overwrite(call, one)
    places.set_overwrite(call.community, channel, one)


@door("DELETE", OVERWRITE)
async def delete_overwrite(call: Call) -> None:
    places.remove_overwrite(call.community, in_place(call), int(call.path["overwrite"]))


def in_place(call: Call) -> Channel:
    channel = call.channel(Permission.MANAGE_ROLES)
    if channel.thread or channel.kind is ChannelKind.DM:
        raise missing_access()
    return channel
