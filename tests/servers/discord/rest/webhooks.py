"""Webhooks, and the follow-ups of interactions, which go the same way."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import hooks, payloads, posting
from tests.servers.discord.errors import ApiError, unknown
from tests.servers.discord.permissions import Permission
from tests.servers.discord.rest import interactions
from tests.servers.discord.rest.bodies import changes_of, draft_of
from tests.servers.discord.rest.door import Call, door
from tests.servers.discord.state import Channel, Message, Webhook

HOOK = "/webhooks/{webhook}"
WITH_TOKEN = "/webhooks/{webhook}/{token}"
MESSAGE = "/webhooks/{webhook}/{token}/messages/{message}"


@door("POST", "/channels/{channel}/webhooks", "WEBHOOK")
async def create(call: Call) -> Any:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    return payloads.webhook(
        call.community, hooks.create(call.community, channel, call.bot, call.fields.get("name"))
    )


@door("GET", "/channels/{channel}/webhooks", "LIST_OF_WEBHOOK")
async def of_channel(call: Call) -> Any:
    channel = call.channel(Permission.MANAGE_WEBHOOKS)
    every = call.community.webhooks.values()
    return [payloads.webhook(call.community, one) for one in every if one.channel_id == channel.id]


@door("GET", "/guilds/{guild}/webhooks", "LIST_OF_WEBHOOK")
async def of_guild(call: Call) -> Any:
    call.of_guild(Permission.MANAGE_WEBHOOKS)
    return [payloads.webhook(call.community, one) for one in call.community.webhooks.values()]


def known(call: Call) -> Webhook:
    """By its token when the path has one, else by what the bot may. Raises 404, 401, 403."""
    number = call.path["webhook"]
    one = call.community.webhooks.get(int(number)) if number.isdigit() else None
    if one is None:
        raise unknown("webhook")
    if "token" not in call.path:
        call.allowed(call.community.channel(one.channel_id), Permission.MANAGE_WEBHOOKS)
    elif call.path["token"] != one.token:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return one


@door("GET", HOOK, "WEBHOOK")
@door("GET", WITH_TOKEN, "WEBHOOK", auth="none")
async def get(call: Call) -> Any:
    body = payloads.webhook(call.community, known(call))
    return {name: value for name, value in body.items() if name != "user"} if "token" in call.path else body


@door("PATCH", HOOK, "WEBHOOK")
@door("PATCH", WITH_TOKEN, "WEBHOOK", auth="none")
async def edit(call: Call) -> Any:
    one = known(call)
    if "name" in call.fields:
        one.name = hooks.check_name("name", call.fields["name"])
    if "channel_id" in call.fields and "token" not in call.path:
        target = call.community.channel(call.fields["channel_id"])
        one.channel_id = call.allowed(target, Permission.MANAGE_WEBHOOKS).id
    hooks.changed(call.community, one)
    return payloads.webhook(call.community, one)


@door("DELETE", HOOK)
@door("DELETE", WITH_TOKEN, auth="none")
async def delete(call: Call) -> None:
    hooks.delete(call.community, known(call))


def is_interaction(call: Call) -> bool:
    return call.path["webhook"] == str(call.community.application_id)


@door("POST", WITH_TOKEN, "MESSAGE", auth="none")
async def execute(call: Call) -> Any:
    """204 unless `wait` asks for the message."""
    if is_interaction(call):
        return interactions.follow_up(call)
    one = known(call)
    channel = hooks.place(call.community, one, call.query.get("thread_id"))
    draft, fields = draft_of(call, call.fields), call.fields
    made = hooks.post(call.community, one, channel, draft, fields.get("username"), fields.get("avatar_url"))
    waits = call.query.get("wait", "").lower() in ("1", "true")
    return payloads.message(call.community, made) if waits else None


def found(call: Call) -> tuple[Channel, Message]:
    one = known(call)
    channel = hooks.place(call.community, one, call.query.get("thread_id"))
    return channel, hooks.own_message(call.community, one, channel, call.path["message"])


@door("GET", MESSAGE, "MESSAGE", auth="none")
async def get_message(call: Call) -> Any:
    return (
        interactions.get_message(call)
        if is_interaction(call)
        else payloads.message(call.community, found(call)[1])
    )


@door("PATCH", MESSAGE, "MESSAGE", auth="none")
async def edit_message(call: Call) -> Any:
    if is_interaction(call):
        return interactions.edit_message(call)
    channel, message = found(call)
    changes = changes_of(call, call.fields, message)
    return payloads.message(call.community, posting.edit(call.community, channel, message, changes))


@door("DELETE", MESSAGE, auth="none")
async def delete_message(call: Call) -> None:
    if is_interaction(call):
        return interactions.delete_message(call)
    return posting.delete(call.community, *found(call))
