"""Webhooks: made in a channel, they post under any name."""

from __future__ import annotations

import hashlib

from tests.servers.discord import posting
from tests.servers.discord.community import Community
from tests.servers.discord.drafts import Draft
from tests.servers.discord.errors import ApiError, check_length, invalid, unknown
from tests.servers.discord.state import Channel, ChannelKind, Message, Person, Webhook

IN_CHANNEL = 15
FORBIDDEN = ("discord", "clyde")


def check_name(where: str, name: object) -> str:
    """1 to 80 characters, and not the names Discord keeps for itself. Raises 400."""
    check_length(where, name, 1, 80)
    assert isinstance(name, str)
    for word in FORBIDDEN:
        if word in name.lower():
            raise invalid(where, "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')
    return name.strip()


def create(community: Community, channel: Channel, creator: Person, name: object) -> Webhook:
    if channel.kind not in (ChannelKind.TEXT, ChannelKind.NEWS, ChannelKind.VOICE):
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if sum(1 for one in community.webhooks.values() if one.channel_id == channel.id) >= IN_CHANNEL:
        raise ApiError(400, 30007, f"Maximum number of webhooks reached ({IN_CHANNEL})")
    application_id = community.application_id if creator.bot else None
    made = Webhook(community.ids.next(), channel.id, check_name("name", name), creator, application_id)
    community.webhooks[made.id] = made
    changed(community, made)
    return made


def changed(community: Community, webhook: Webhook) -> None:
    where = {"guild_id": str(community.guild_id), "channel_id": str(webhook.channel_id)}
    community.tell("WEBHOOKS_UPDATE", where)


def delete(community: Community, webhook: Webhook) -> None:
    del community.webhooks[webhook.id]
    changed(community, webhook)


def place(community: Community, webhook: Webhook, thread_id: str | None) -> Channel:
    """The webhook's channel, or a thread of it. Raises 404."""
    if not thread_id:
        return community.channel(webhook.channel_id)
    thread = community.channel(thread_id)
    if thread.parent_id != webhook.channel_id or not thread.thread:
        raise unknown("channel")
    return thread


def post(
    community: Community,
    webhook: Webhook,
    channel: Channel,
    draft: Draft,
    name: str | None,
    avatar: str | None,
) -> Message:
    """Writes under `name` with the picture at the address `avatar`, or as the webhook itself."""
    author = Person(webhook.id, check_name("username", name) if name else webhook.name, bot=True)
    author.avatar = hashlib.md5(avatar.encode()).hexdigest() if avatar else webhook.avatar
    draft.nonce, draft.reference = None, None
    made = posting.write(community, channel, author, draft, webhook=webhook)
    made.avatar_url = avatar
    return made


def own_message(community: Community, webhook: Webhook, channel: Channel, message_id: str) -> Message:
    """Raises 404 for a message that another wrote."""
    message = community.message(channel, message_id)
    if message.webhook_id != webhook.id:
        raise unknown("message")
    return message
