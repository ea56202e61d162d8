"""Threads, public and private, and who is in them."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import payloads, places
from tests.servers.discord.errors import ApiError, invalid, missing_permissions, unknown
from tests.servers.discord.permissions import Permission
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Channel, ChannelKind, Person

MEMBERS = "/channels/{channel}/thread-members"
MEMBER = "/channels/{channel}/thread-members/{person}"
OPENS = {
    ChannelKind.PUBLIC_THREAD: Permission.CREATE_PUBLIC_THREADS,
    ChannelKind.PRIVATE_THREAD: Permission.CREATE_PRIVATE_THREADS,
}


@door("POST", "/channels/{channel}/threads", "CHANNEL", status=201)
async def open_thread(call: Call) -> Any:
    wanted = call.fields.get("type", ChannelKind.PRIVATE_THREAD)
    if wanted not in (ChannelKind.PUBLIC_THREAD, ChannelKind.PRIVATE_THREAD):
        raise invalid("type", "BASE_TYPE_CHOICES", "Value must be one of (11, 12).")
    kind = ChannelKind(wanted)
    parent = call.channel(OPENS[kind])
    return payloads.channel(call.community, opened(call, parent, kind))


@door("POST", "/channels/{channel}/messages/{message}/threads", "CHANNEL", status=201)
async def open_thread_on_message(call: Call) -> Any:
    parent = call.channel(Permission.CREATE_PUBLIC_THREADS)
    message = call.community.message(parent, call.path["message"])
    return payloads.channel(call.community, opened(call, parent, ChannelKind.PUBLIC_THREAD, message=message))


def opened(call: Call, parent: Channel, kind: ChannelKind, **more: Any) -> Channel:
    minutes = call.fields.get("auto_archive_duration") or 4320
    invitable = call.fields.get("invitable", True)
    return places.open_thread(
        call.community, parent, call.bot, call.fields.get("name"), kind,
        minutes=minutes, invitable=True if invitable is None else invitable, **more,
    )  # fmt: skip


def thread_of(call: Call) -> Channel:
    channel = call.channel()
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    return channel


def person_of(call: Call) -> Person:
    if call.path["person"] == "@me":
        return call.bot
    person = call.community.people.get(int(call.path["person"]))
    if person is None or person.id not in call.community.members:
        raise unknown("member")
    return person


@door("PUT", MEMBER)
async def add(call: Call) -> None:
    """Who does not see the channel above cannot be put into its thread."""
    channel, person = thread_of(call), person_of(call)
    parent = call.community.channels[channel.parent_id or 0]
    call.allowed(channel, Permission.SEND_MESSAGES)
    if not call.community.sees(person, parent):
        raise ApiError(403, 50001, "Missing Access")
    places.join_thread(call.community, channel, person, call.bot)


@door("DELETE", MEMBER)
async def remove(call: Call) -> None:
    channel, person = thread_of(call), person_of(call)
    assert channel.thread
    own = channel.kind is ChannelKind.PRIVATE_THREAD and channel.thread.owner_id == call.bot.id
    if person is not call.bot and not own:
        call.allowed(channel, Permission.MANAGE_THREADS)
    places.leave_thread(call.community, channel, person)


@door("GET", MEMBERS, "LIST_OF_THREAD_MEMBER")
async def list_members(call: Call) -> Any:
    channel = thread_of(call)
    assert channel.thread
    return [payloads.thread_member(channel, one) for one in channel.thread.members]


@door("GET", MEMBER, "THREAD_MEMBER")
async def get_member(call: Call) -> Any:
    channel, person = thread_of(call), person_of(call)
    assert channel.thread
    if person.id not in channel.thread.members:
        raise unknown("member")
    return payloads.thread_member(channel, person.id)


@door("GET", "/guilds/{guild}/threads/active", "THREADS")
async def active(call: Call) -> Any:
    call.of_guild()
    every = [one for one in call.community.channels.values() if one.thread and not one.thread.archived]
    seen = [one for one in every if call.community.sees(call.bot, one)]
    return listed(call, seen) | {"has_more": False}


@door("GET", "/channels/{channel}/threads/archived/{kind}", "THREADS")
async def archived(call: Call) -> Any:
    """The newest archived first."""
    parent = call.channel(Permission.READ_MESSAGE_HISTORY)
    kind = ChannelKind.PRIVATE_THREAD if call.path["kind"] == "private" else ChannelKind.PUBLIC_THREAD
    if kind is ChannelKind.PRIVATE_THREAD and Permission.MANAGE_THREADS not in call.community.may(
        call.bot, parent
    ):
        raise missing_permissions()
    every = [
        one
        for one in call.community.channels.values()
        if one.parent_id == parent.id and one.kind is kind and one.thread and one.thread.archived
    ]
    every.sort(key=lambda one: -one.thread.archived_at if one.thread else 0)
    limit = call.number("limit", 50, 1, 100)
    return listed(call, every[:limit]) | {"has_more": len(every) > limit}


def listed(call: Call, threads: list[Channel]) -> dict[str, Any]:
    me = call.bot.id
    mine = [one for one in threads if one.thread and me in one.thread.members]
    return {
        "threads": [payloads.channel(call.community, one) for one in threads],
        "members": [payloads.thread_member(one, me) for one in mine],
    }
