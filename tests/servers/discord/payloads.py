"""What state looks like on the wire: one function for each kind of object Discord sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.servers.discord.community import Community
from tests.servers.discord.state import (
    Attachment,
    Channel,
    ChannelKind,
    Command,
    Interaction,
    InteractionKind,
    Member,
    Message,
    Overwrite,
    Person,
    Role,
    Webhook,
)

JSON = dict[str, Any]


def when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def person(one: Person) -> JSON:
    body: JSON = {
        "id": str(one.id),
        "username": one.name,
        "avatar": one.avatar,
        "discriminator": "4242" if one.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": one.display_name,
        "primary_guild": None,
        "avatar_decoration_data": None,
        "banner": None,
        "accent_color": None,
    }
    return body | {"bot": True} if one.bot else body


def account(one: Person) -> JSON:
    """A person as they see themselves."""
    return person(one) | {
        "mfa_enabled": True,
        "locale": "en-US",
        "premium_type": 0,
        "verified": True,
        "email": None,
    }


def member(community: Community, one: Member) -> JSON:
    return bare_member(one) | {"user": person(one.person)}


def bare_member(one: Member) -> JSON:
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": when(one.silent_until) if one.silent_until else None,
        "flags": 0,
        "joined_at": when(one.joined_at),
        "nick": one.nick,
        "pending": False,
        "premium_since": None,
        "roles": [str(role_id) for role_id in sorted(one.roles)],
        "mute": False,
        "deaf": False,
    }


def role(one: Role) -> JSON:
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(one.permissions),
        "position": one.position,
        "color": one.color,
        "colors": {"primary_color": one.color, "secondary_color": None, "tertiary_color": None},
        "hoist": one.hoist,
        "managed": one.managed,
        "mentionable": one.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def overwrite(one: Overwrite) -> JSON:
    return {"id": str(one.id), "type": one.kind, "allow": str(one.allow), "deny": str(one.deny)}


def channel(community: Community, one: Channel) -> JSON:
    """A channel of the guild, a thread, or a direct conversation."""
    last = str(one.last_message_id) if one.last_message_id else None
    body: JSON = {"id": str(one.id), "type": int(one.kind), "flags": 0}
    if one.kind is ChannelKind.DM:
        others = [person(other) for other in one.recipients if not other.bot]
        return body | {"last_message_id": last, "recipients": others}
    body |= {
        "guild_id": str(community.guild_id),
        "name": one.name,
        "parent_id": str(one.parent_id) if one.parent_id else None,
    }
    if one.thread:
        return body | {"last_message_id": last} | thread(community, one)
    body |= {
        "position": one.position,
        "permission_overwrites": [overwrite(each) for each in one.overwrites.values()],
        "nsfw": one.nsfw,
    }
    if one.kind is ChannelKind.VOICE:
        return body | {"bitrate": 64000, "user_limit": 0, "rtc_region": None, "last_message_id": last}
    if one.kind is ChannelKind.CATEGORY:
        return body
    return body | {"topic": one.topic, "rate_limit_per_user": one.slowmode, "last_message_id": last}


def thread(community: Community, one: Channel) -> JSON:
    assert one.thread
    facts = one.thread
    metadata = {
        "archived": facts.archived,
        "archive_timestamp": when(facts.archived_at or facts.created_at),
        "auto_archive_duration": facts.auto_archive_minutes,
        "locked": facts.locked,
        "create_timestamp": when(facts.created_at),
    }
    if one.kind is ChannelKind.PRIVATE_THREAD:
        metadata["invitable"] = facts.invitable
    body: JSON = {
        "owner_id": str(facts.owner_id),
        "thread_metadata": metadata,
        "message_count": facts.sent,
        "member_count": min(len(facts.members), 50),
        "total_message_sent": facts.sent,
        "rate_limit_per_user": one.slowmode,
    }
    if community.bot.id in facts.members:
        body["member"] = thread_member(one, community.bot.id)
    return body


def thread_member(one: Channel, person_id: int) -> JSON:
    assert one.thread
    joined = when(one.thread.members[person_id])
    return {"id": str(one.id), "user_id": str(person_id), "join_timestamp": joined, "flags": 1}


def attachment(community: Community, channel_id: int, one: Attachment) -> JSON:
    url = community.url_of(channel_id, one)
    body: JSON = {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.content),
        "url": url,
        "proxy_url": url,
    }
    more = {"content_type": one.content_type, "description": one.description}
    return body | {name: value for name, value in more.items() if value is not None}


def message(community: Community, one: Message, *, with_reference: bool = True) -> JSON:
    body: JSON = {
        "id": str(one.id),
        "type": int(one.kind),
        "content": one.content,
        "channel_id": str(one.channel_id),
        "author": author(community, one),
        "attachments": [attachment(community, one.channel_id, each) for each in one.attachments],
        "embeds": one.embeds,
        "components": one.components,
        "mentions": [person(community.people[person_id]) for person_id in one.mentions],
        "mention_roles": [str(role_id) for role_id in one.mention_roles],
        "mention_everyone": one.mention_everyone,
        "pinned": False,
        "tts": False,
        "timestamp": when(one.at),
        "edited_timestamp": when(one.edited_at) if one.edited_at else None,
        "flags": one.flags,
    }
    for name, value in (("webhook_id", one.webhook_id), ("application_id", one.application_id)):
        if value:
            body[name] = str(value)
    if one.nonce is not None:
        body["nonce"] = one.nonce
    if one.interaction:
        body["interaction_metadata"] = interaction_metadata(one.interaction)
    if one.reference:
        body |= reference(community, one, with_message=with_reference)
    started = community.channels.get(one.id)
    if started and started.thread:
        body["thread"] = channel(community, started)
    return body


def author(community: Community, one: Message) -> JSON:
    """A webhook writes under a name of its own, and is no user anyone can look up."""
    body = person(one.author)
    if one.webhook_id and one.webhook_id != community.application_id:
        body = body | {"id": str(one.webhook_id), "bot": True, "discriminator": "0000", "global_name": None}
    return body


def reference(community: Community, one: Message, *, with_message: bool) -> JSON:
    assert one.reference
    to = one.reference
    body: JSON = {"message_reference": {"type": 0} | {name: str(value) for name, value in to.items()}}
    place = community.channels.get(to["channel_id"])
    found = place.messages.get(to.get("message_id", 0)) if place else None
    if with_message and "message_id" in to:
        body["referenced_message"] = message(community, found, with_reference=False) if found else None
    return body


def interaction_metadata(one: Interaction) -> JSON:
    body: JSON = {
        "id": str(one.id),
        "type": int(one.kind),
        "user": person(one.person),
        "authorizing_integration_owners": {},
    }
    if one.kind is InteractionKind.COMPONENT and one.message:
        body["interacted_message_id"] = str(one.message.id)
    if one.kind is InteractionKind.MODAL_SUBMIT and one.parent:
        body["triggering_interaction_metadata"] = interaction_metadata(one.parent)
    return body


def webhook(community: Community, one: Webhook) -> JSON:
    return {
        "id": str(one.id),
        "type": 1,
        "application_id": str(one.application_id) if one.application_id else None,
        "avatar": one.avatar,
        "channel_id": str(one.channel_id),
        "guild_id": str(community.guild_id),
        "name": one.name,
        "user": person(one.creator),
        "token": one.token,
        "url": f"{community.base_url}/api/webhooks/{one.id}/{one.token}",
    }


def command(community: Community, one: Command) -> JSON:
    body: JSON = {
        "id": str(one.id),
        "application_id": str(community.application_id),
        "version": str(one.version),
        "type": 1,
        "default_member_permissions": None,
        "description": "",
        "nsfw": False,
        "contexts": None,
        "integration_types": [0],
    } | {name: value for name, value in one.body.items() if value is not None}
    if body["default_member_permissions"] is not None:
        body["default_member_permissions"] = str(body["default_member_permissions"])
    return body | {"guild_id": str(one.guild_id)} if one.guild_id else body


def guild(community: Community) -> JSON:
    roles = [role(one) for one in community.roles.values()]
    nothing = (
        "icon", "description", "home_header", "splash", "discovery_splash", "banner", "afk_channel_id",
        "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code", "rules_channel_id",
        "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data", "application_id",
    )  # fmt: skip
    zero = (
        "system_channel_flags", "verification_level", "default_message_notifications", "mfa_level",
        "explicit_content_filter", "premium_tier", "premium_subscription_count", "nsfw_level",
    )  # fmt: skip
    return {
        **dict.fromkeys(nothing),
        **dict.fromkeys(zero, 0),
        "id": str(community.guild_id),
        "name": "A community",
        "owner_id": str(community.owner.id),
        "region": "deprecated",
        "features": [],
        "afk_timeout": 300,
        "widget_enabled": False,
        "roles": roles,
        "emojis": [],
        "stickers": [],
        "max_members": 25_000_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
    }


def application(community: Community) -> JSON:
    """Privileged intents show in `flags`: in their limited form, as small applications have them."""
    on = community.portal.privileged_intents
    flags = sum(flag for bit, flag in ((1 << 8, 1 << 13), (1 << 1, 1 << 15), (1 << 15, 1 << 19)) if on & bit)
    return {
        "id": str(community.application_id),
        "name": "Haze",
        "icon": None,
        "description": "",
        "type": None,
        "bot": person(community.bot),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": community.portal.redirect_uris or [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": person(community.owner),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": ["identify", "guilds", "guilds.members.read", "email"],
    }
