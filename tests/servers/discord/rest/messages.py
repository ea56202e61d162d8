"""Messages of the bot in channels and threads."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import payloads, posting
from tests.servers.discord.drafts import SUPPRESS_EMBEDS
from tests.servers.discord.errors import ApiError, missing_permissions, number, unknown
from tests.servers.discord.permissions import Permission
from tests.servers.discord.rest.bodies import changes_of, draft_of
from tests.servers.discord.rest.door import Call, door, text_channel
from tests.servers.discord.state import Channel, ChannelKind, Message

CHANNEL = "/channels/{channel}"
MESSAGE = "/channels/{channel}/messages/{message}"


@door("POST", f"{CHANNEL}/messages", "MESSAGE")
async def create_message(call: Call) -> Any:
    channel = text_channel(call.channel(Permission.SEND_MESSAGES))
    draft = draft_of(call, call.fields)
    needs = [Permission.ATTACH_FILES] if draft.attachments else []
    needs += [Permission.READ_MESSAGE_HISTORY] if draft.reference else []
    call.allowed(channel, *needs)
    if channel.kind is ChannelKind.DM and not channel.recipients[0].takes_direct_messages:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    return payloads.message(call.community, posting.write(call.community, channel, call.bot, draft))


@door("GET", f"{CHANNEL}/messages", "LIST_OF_MESSAGE")
async def list_messages(call: Call) -> Any:
    """Newest first. `after` gives the ones next to it, `before` likewise, `around` both sides."""
    channel = text_channel(call.channel())
    if Permission.READ_MESSAGE_HISTORY not in call.community.may(call.bot, channel):
        return []
    limit = call.number("limit", 50, 1, 100)
    return [shown(call, one) for one in page(list(channel.messages.values()), call.query, limit)]


def page(messages: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "after" in query:
        after = number("after", query["after"])
        return [one for one in messages if one.id > after][:limit][::-1]
    if "around" in query:
        middle = number("around", query["around"])
        newer = [one for one in messages if one.id > middle][: limit // 2]
        older = [one for one in messages if one.id <= middle][-(limit - len(newer)) :]
        return (older + newer)[::-1]
    if "before" in query:
        before = number("before", query["before"])
        messages = [one for one in messages if one.id < before]
    return messages[-limit:][::-1]


def shown(call: Call, message: Message) -> dict[str, Any]:
    """Without the content intent in the portal, REST too gives messages of others empty."""
    body = payloads.message(call.community, message)
    own = message.author is call.bot or message.application_id == call.community.application_id
    if call.community.portal.privileged_intents & 1 << 15 or own or call.bot.id in message.mentions:
        return body
    return body | {"content": "", "embeds": [], "attachments": [], "components": []}


@door("GET", MESSAGE, "MESSAGE")
async def get_message(call: Call) -> Any:
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    return shown(call, call.community.message(channel, call.path["message"]))


@door("PATCH", MESSAGE, "MESSAGE")
async def edit_message(call: Call) -> Any:
    channel = call.channel()
    message = call.community.message(channel, call.path["message"])
    if message.author is not call.bot:
        if set(call.fields) != {"flags"}:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        call.allowed(channel, Permission.MANAGE_MESSAGES)
        message.flags = (
            message.flags & ~SUPPRESS_EMBEDS | number("flags", call.fields["flags"]) & SUPPRESS_EMBEDS
        )
        return payloads.message(call.community, message)
    changes = changes_of(call, call.fields, message)
    return payloads.message(call.community, posting.edit(call.community, channel, message, changes))


@door("DELETE", MESSAGE)
async def delete_message(call: Call) -> None:
    channel = call.channel()
    message = call.community.message(channel, call.path["message"])
    if message.author is not call.bot:
        may_manage(call, channel)
    posting.delete(call.community, channel, message)


def may_manage(call: Call, channel: Channel) -> None:
    if channel.kind is ChannelKind.DM:
        raise ApiError(403, 50003, "Cannot execute action on a DM channel")
    if Permission.MANAGE_MESSAGES not in call.community.may(call.bot, channel):
        raise missing_permissions()


@door("POST", f"{CHANNEL}/messages/bulk-delete")
async def bulk_delete(call: Call) -> None:
    channel = call.channel()
    may_manage(call, channel)
    wanted = [number("messages", one) for one in call.fields.get("messages") or []]
    posting.bulk_delete(call.community, channel, wanted)


@door("POST", f"{CHANNEL}/typing")
async def typing(call: Call) -> None:
    channel = text_channel(call.channel(Permission.SEND_MESSAGES))
    posting.typing(call.community, channel, call.bot)


@door("POST", "/users/@me/channels", "CHANNEL")
async def open_direct_channel(call: Call) -> Any:
    person = call.community.people.get(number("recipient_id", call.fields.get("recipient_id")))
    if person is None:
        raise unknown("user")
    if person.bot:
        raise ApiError(400, 50007, "Cannot send messages to this user")
    return payloads.channel(call.community, call.community.direct_channel(person))
