"""State as plain values, for tests to read and for HTTP to send."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.servers.discord.community import Community
from tests.servers.discord.drafts import EPHEMERAL, LOADING
from tests.servers.discord.state import Attachment, Channel, Interaction, Message

JSON = dict[str, Any]


def attachment(community: Community, channel_id: int, one: Attachment) -> JSON:
    return {
        "id": one.id,
        "filename": one.filename,
        "content": one.content,
        "content_type": one.content_type,
        "description": one.description,
        "url": community.url_of(channel_id, one),
    }


def message(community: Community, one: Message) -> JSON:
    reply_to = (one.reference or {}).get("message_id")
    return {
        "id": one.id,
        "channel_id": one.channel_id,
        "kind": one.kind.name.lower(),
        "author": one.author.name,
        "author_id": one.author.id,
        "avatar": one.avatar_url or one.author.avatar,
        "webhook_id": one.webhook_id if one.webhook_id != community.application_id else None,
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "attachments": [attachment(community, one.channel_id, each) for each in one.attachments],
        "reply_to": reply_to,
        "nonce": one.nonce,
        "flags": one.flags,
        "at": one.at,
        "edited_at": one.edited_at,
        "mention_everyone": one.mention_everyone,
        "mention_roles": list(one.mention_roles),
        "pinged": list(one.pinged),
        "only_for": one.only_for,
        "loading": bool(one.flags & LOADING),
    }


def channel(community: Community, one: Channel) -> JSON:
    """A channel with its messages, oldest first."""
    body: JSON = {
        "id": one.id,
        "kind": one.kind.name.lower(),
        "name": one.name,
        "topic": one.topic,
        "parent_id": one.parent_id,
        "overwrites": {each.id: {"allow": each.allow, "deny": each.deny} for each in one.overwrites.values()},
        "messages": [message(community, each) for each in one.messages.values()],
    }
    if one.thread:
        facts = one.thread
        body |= {"archived": facts.archived, "locked": facts.locked, "members": sorted(facts.members)}
    return body


def interaction(community: Community, one: Interaction) -> JSON:
    """What came of it: `answered` is the type of the callback, None while there is none."""
    shown = [message(community, each) for each in one.followups]
    return {
        "id": one.id,
        "answered": one.answered,
        "ephemeral": bool(one.original and one.original.flags & EPHEMERAL),
        "message": message(community, one.original) if one.original else None,
        "followups": shown,
        "modal": one.modal,
    }


def everything(community: Community) -> JSON:
    return {
        "guild_id": community.guild_id,
        "roles": [vars(one) for one in community.roles.values()],
        "members": [
            {"id": one.person.id, "name": one.person.name, "nick": one.nick, "roles": sorted(one.roles)}
            for one in community.members.values()
        ],
        "channels": [channel(community, one) for one in community.channels.values()],
        "webhooks": [
            {"id": one.id, "channel_id": one.channel_id, "name": one.name}
            for one in community.webhooks.values()
        ],
        "commands": [
            {"id": one.id, "guild_id": one.guild_id, **one.body} for one in community.commands.values()
        ],
        "requests": requests(community),
        "complaints": list(community.complaints),
    }


def requests(community: Community) -> list[JSON]:
    return [dataclasses.asdict(one) for one in community.requests]
