"""Messages come, change and go: the same for the bot, for webhooks and for people."""

from __future__ import annotations

import mimetypes
from typing import Any

from tests.servers.discord import mentions, payloads
from tests.servers.discord.community import Community
from tests.servers.discord.drafts import EPHEMERAL, Draft
from tests.servers.discord.errors import ApiError, archived, invalid, number
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import (
    Attachment,
    Channel,
    ChannelKind,
    Interaction,
    InteractionKind,
    Message,
    MessageKind,
    Person,
    Webhook,
)

NONCE_SECONDS = 180
OLDEST_IN_BULK = 14 * 86_400


def attachment(
    community: Community, filename: str, content: bytes, description: str | None = None
) -> Attachment:
    """Raises 413 for a file above the portal's `upload_limit`."""
    if len(content) > community.portal.upload_limit:
        raise ApiError(413, 40005, "Request entity too large")
    kind = mimetypes.guess_type(filename)[0]
    return Attachment(
        community.ids.next(), filename.replace("/", "_") or "unknown", content, kind, description
    )


def write(
    community: Community,
    channel: Channel,
    author: Person,
    draft: Draft,
    *,
    webhook: Webhook | None = None,
    interaction: Interaction | None = None,
) -> Message:
    """Posts and tells. An enforced nonce used within three minutes gives the message it made then."""
    draft = draft.checked()
    if draft.enforce_nonce and (known := by_nonce(community, channel, author, draft.nonce)):
        return known
    made = Message(
        community.ids.next(), channel.id, author, draft.content, community.clock.now(),
        embeds=draft.embeds, components=draft.components, attachments=draft.attachments, flags=draft.flags,
        nonce=draft.nonce, webhook_id=webhook.id if webhook else None,
        application_id=webhook.application_id if webhook else None,
    )  # fmt: skip
    if interaction:
        belong(community, made, interaction)
    if draft.reference:
        made.reference = reference(community, channel, draft.reference)
        made.kind = MessageKind.REPLY if made.reference else made.kind
    mentions.note(community, channel, made, draft.allowed)
    put(community, channel, made)
    return made


def belong(community: Community, made: Message, interaction: Interaction) -> None:
    """What answers an interaction comes by the application's webhook; an ephemeral one is for one person."""
    made.interaction = interaction
    made.webhook_id = made.application_id = community.application_id
    made.only_for = interaction.person.id if made.flags & EPHEMERAL else None
    if interaction.kind is InteractionKind.COMMAND and interaction.original is None:
        made.kind = MessageKind.CHAT_INPUT_COMMAND


def by_nonce(community: Community, channel: Channel, author: Person, nonce: str | None) -> Message | None:
    since = community.clock.now() - NONCE_SECONDS
    for one in reversed(channel.messages.values()):
        if one.at < since:
            return None
        if nonce is not None and one.nonce == nonce and one.author is author and not one.webhook_id:
            return one
    return None


def reference(community: Community, channel: Channel, given: dict[str, Any]) -> dict[str, int] | None:
    """Where a reply points. A message that is gone is an error unless `fail_if_not_exists` is false."""
    message_id = number("message_reference.message_id", given.get("message_id") or 0)
    if str(given.get("channel_id") or channel.id) != str(channel.id) or message_id not in channel.messages:
        if given.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return None
    where = {"channel_id": channel.id, "message_id": message_id}
    return where if channel.kind is ChannelKind.DM else where | {"guild_id": community.guild_id}


def put(community: Community, channel: Channel, made: Message) -> None:
    """Into the channel, or into nobody's but one person's sight; a thread wakes from its archive."""
    for one in made.attachments:
        community.attachments[one.id] = (channel.id, one)
    if made.flags & EPHEMERAL:
        community.hidden[made.id] = made
        return
    if channel.thread:
        if channel.thread.archived:
            wake(community, channel, made.author)
        channel.thread.sent += 1
    channel.messages[made.id] = made
    channel.last_message_id = made.id
    community.tell("MESSAGE_CREATE", event(community, channel, made), channel, made)


def wake(community: Community, channel: Channel, author: Person) -> None:
    assert channel.thread
    if channel.thread.locked and Permission.MANAGE_THREADS not in community.may(author, channel):
        raise archived()
    channel.thread.archived = False
    channel.thread.archived_at = community.clock.now()
    community.tell("THREAD_UPDATE", payloads.channel(community, channel), channel)


def event(community: Community, channel: Channel, message: Message) -> dict[str, Any]:
    """A message as the gateway tells it: with the guild and what its author is there."""
    body = payloads.message(community, message) | {"channel_type": int(channel.kind)}
    if channel.kind is ChannelKind.DM:
        return body
    body["guild_id"] = str(community.guild_id)
    member = community.members.get(message.author.id)
    if member and not (message.webhook_id and message.webhook_id != community.application_id):
        body["member"] = payloads.bare_member(member)
    return body


def edit(community: Community, channel: Channel, message: Message, changes: dict[str, Any]) -> Message:
    """`changes` holds the parts of a draft that the editor sent; the others stay."""
    if channel.thread and channel.thread.archived:
        raise archived()
    kept = ("content", "embeds", "components", "attachments", "flags")
    draft = Draft(**({name: getattr(message, name) for name in kept} | changes)).checked()
    for one in message.attachments:
        if one not in draft.attachments:
            community.attachments.pop(one.id, None)
    for name in kept:
        setattr(message, name, getattr(draft, name))
    for one in message.attachments:
        community.attachments[one.id] = (channel.id, one)
    if "content" in changes or "allowed" in changes:
        rang = message.pinged
        mentions.note(community, channel, message, draft.allowed)
        message.pinged = rang
    message.edited_at = community.clock.now()
    if message.id in channel.messages:
        community.tell("MESSAGE_UPDATE", event(community, channel, message), channel, message)
    return message


def delete(community: Community, channel: Channel, message: Message) -> None:
    take(community, channel, message)
    if message.flags & EPHEMERAL:
        return
    community.tell("MESSAGE_DELETE", place_of(community, channel) | {"id": str(message.id)}, channel)


def bulk_delete(community: Community, channel: Channel, message_ids: list[int]) -> None:
    """2 to 100 messages, none older than two weeks; ids that are gone already are no error."""
    if not 2 <= len(set(message_ids)) <= 100:
        raise ApiError(400, 50016, "You can only delete between 2 and 100 messages at once")
    found = [channel.messages[one] for one in message_ids if one in channel.messages]
    if any(one.at < community.clock.now() - OLDEST_IN_BULK for one in found):
        raise ApiError(400, 50034, "You can only bulk delete messages that are under 14 days old.")
    for one in found:
        take(community, channel, one)
    ids = [str(one) for one in message_ids]
    community.tell("MESSAGE_DELETE_BULK", place_of(community, channel) | {"ids": ids}, channel)


def take(community: Community, channel: Channel, message: Message) -> None:
    channel.messages.pop(message.id, None)
    community.hidden.pop(message.id, None)
    for one in message.attachments:
        community.attachments.pop(one.id, None)


def place_of(community: Community, channel: Channel) -> dict[str, Any]:
    body = {"channel_id": str(channel.id)}
    return body if channel.kind is ChannelKind.DM else body | {"guild_id": str(community.guild_id)}


def typing(community: Community, channel: Channel, person: Person) -> None:
    community.typed.append((person.id, channel.id, community.clock.now()))
    body = place_of(community, channel) | {"user_id": str(person.id), "timestamp": int(community.clock.now())}
    if person.id in community.members and channel.kind is not ChannelKind.DM:
        body["member"] = payloads.member(community, community.members[person.id])
    community.tell("TYPING_START", body, channel)
