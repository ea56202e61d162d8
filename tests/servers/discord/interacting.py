"""The life of an interaction: three seconds to answer it, fifteen minutes to speak on."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import payloads, permissions, posting
from tests.servers.discord.community import Community
from tests.servers.discord.drafts import EPHEMERAL, LOADING, Draft, components
from tests.servers.discord.errors import ApiError, check_length, invalid, unknown
from tests.servers.discord.state import (
    Channel,
    ChannelKind,
    Interaction,
    InteractionKind,
    Message,
    Person,
)

TO_ANSWER, TO_SPEAK = 3.0, 15 * 60.0
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9


def begin(
    community: Community,
    kind: InteractionKind,
    person: Person,
    channel: Channel,
    data: dict[str, Any],
    *,
    message: Message | None = None,
    parent: Interaction | None = None,
) -> Interaction:
    """A person used a command, a component or a modal: the bot is told, whatever it listens to."""
    one = Interaction(
        community.ids.next(),
        kind,
        person,
        channel.id,
        community.clock.now(),
        data,
        message=message,
        parent=parent,
    )
    community.interactions[one.id] = one
    community.tell("INTERACTION_CREATE", told(community, one, channel))
    return one


def told(community: Community, one: Interaction, channel: Channel) -> dict[str, Any]:
    held = permissions.in_channel(community, one.person.id, channel)
    own = permissions.in_channel(community, community.bot.id, channel)
    body: dict[str, Any] = {
        "id": str(one.id),
        "application_id": str(community.application_id),
        "type": int(one.kind),
        "data": one.data,
        "channel": payloads.channel(community, channel) | {"permissions": str(int(held))},
        "channel_id": str(channel.id),
        "token": one.token,
        "version": 1,
        "locale": "en-US",
        "app_permissions": str(int(own)),
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(community.guild_id)},
        "attachment_size_limit": community.portal.upload_limit,
        "context": 1 if channel.kind is ChannelKind.DM else 0,
    }
    if one.message:
        body["message"] = payloads.message(community, one.message)
    if channel.kind is ChannelKind.DM:
        return body | {"user": payloads.person(one.person)}
    member = payloads.member(community, community.members[one.person.id]) | {"permissions": str(int(held))}
    guild = {"id": str(community.guild_id), "locale": "en-US", "features": []}
    return body | {"guild_id": guild["id"], "guild": guild, "guild_locale": "en-US", "member": member}


def by_id(community: Community, interaction_id: str, token: str) -> Interaction:
    """The one to be answered now. Raises 404 when its three seconds are over, 400 when it has its answer."""
    one = community.interactions.get(int(interaction_id))
    if one is None or one.token != token:
        raise unknown("interaction")
    if one.answered is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    if community.clock.now() - one.at > TO_ANSWER:
        raise unknown("interaction")
    return one


def by_token(community: Community, token: str) -> Interaction:
    """The one that is spoken on. Raises 401 after fifteen minutes, 404 before its first answer."""
    one = next((each for each in community.interactions.values() if each.token == token), None)
    if one is None or community.clock.now() - one.at > TO_SPEAK:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    if one.answered is None:
        raise unknown("webhook")
    return one


def answer(community: Community, one: Interaction, kind: int, draft: Draft, changes: dict[str, Any]) -> None:
    """The first answer, a modal aside: `draft` is a new message, `changes` go to the one clicked on."""
    if kind in (DEFERRED_UPDATE, UPDATE) and one.message is None:
        raise invalid("type", "INTERACTION_TYPE_INVALID", "There is no message to update.")
    if kind == MESSAGE:
        one.original = speak(community, one, draft)
    elif kind == DEFERRED:
        one.original = think(community, one, draft)
    elif kind in (DEFERRED_UPDATE, UPDATE):
        one.original = one.message
        if kind == UPDATE and one.message:
            posting.edit(community, community.channel(one.channel_id), one.message, changes)
    else:
        raise invalid("type", "BASE_TYPE_CHOICES", "Value must be one of (1, 4, 5, 6, 7, 8, 9, 10, 12).")
    one.answered = kind


def show_modal(one: Interaction, modal: dict[str, Any]) -> None:
    if one.kind is InteractionKind.MODAL_SUBMIT:
        raise invalid("type", "INTERACTION_TYPE_INVALID", "A modal cannot answer a modal.")
    check_length("data.custom_id", modal.get("custom_id"), 1, 100)
    check_length("data.title", modal.get("title"), 1, 45)
    given = modal.get("components") or []
    if not 1 <= len(given) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    components(given, v2=True)
    one.modal, one.answered = modal, MODAL


def speak(community: Community, one: Interaction, draft: Draft) -> Message:
    """A message of the bot that belongs to the interaction; an ephemeral one is for the person alone."""
    channel = community.channel(one.channel_id)
    draft.nonce = None
    return posting.write(community, channel, community.bot, draft, interaction=one)


def think(community: Community, one: Interaction, draft: Draft) -> Message:
    channel = community.channel(one.channel_id)
    flags = draft.flags & EPHEMERAL | LOADING
    made = Message(community.ids.next(), channel.id, community.bot, "", community.clock.now(), flags=flags)
    posting.belong(community, made, one)
    posting.put(community, channel, made)
    return made


def follow_up(community: Community, one: Interaction, draft: Draft) -> Message:
    """The first one after a deferral fills the message that waits, and is as ephemeral as that was."""
    if one.original and one.original.flags & LOADING:
        changes = {name: getattr(draft, name) for name in ("content", "embeds", "components", "attachments")}
        return rewrite(community, one, one.original, changes)
    made = speak(community, one, draft)
    one.followups.append(made)
    return made


def rewrite(community: Community, one: Interaction, message: Message, changes: dict[str, Any]) -> Message:
    message.flags &= ~LOADING
    return posting.edit(community, community.channel(one.channel_id), message, changes)


def message_of(one: Interaction, message_id: str) -> Message:
    """`@original` or one of the follow-ups. Raises 404."""
    if message_id == "@original":
        if one.original is None:
            raise unknown("message")
        return one.original
    for each in (one.original, *one.followups):
        if each and str(each.id) == message_id:
            return each
    raise unknown("message")


def remove(community: Community, one: Interaction, message: Message) -> None:
    posting.delete(community, community.channel(one.channel_id), message)
    one.followups = [each for each in one.followups if each is not message]
    one.original = None if one.original is message else one.original
