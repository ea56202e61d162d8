"""The shapes Discord documents for what is sent here. Nothing leaves the server without passing its shape."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
TEXT_OR_NONE: Shape = {"type": ["string", "null"]}
NUMBER: Shape = {"type": "integer"}
YES_NO: Shape = {"type": "boolean"}
NOTHING: Shape = {"type": "null"}
ID: Shape = {"type": "string", "pattern": "^[0-9]{17,20}$"}
ID_OR_NONE: Shape = {"anyOf": [ID, NOTHING]}
BITS: Shape = {"type": "string", "pattern": "^[0-9]+$"}
TIME: Shape = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$"}
TIME_OR_NONE: Shape = {"anyOf": [TIME, NOTHING]}
URL: Shape = {"type": "string", "pattern": r"^\w+://\S+$"}
FREE: Shape = {"type": "object"}


def one_of(*values: int | str) -> Shape:
    return {"enum": list(values)}


def listed(item: Shape, most: int | None = None) -> Shape:
    shape: Shape = {"type": "array", "items": item}
    return shape | {"maxItems": most} if most is not None else shape


def thing(needs: Shape, may_have: Shape | None = None) -> Shape:
    """An object with these fields and no other."""
    fields = needs | (may_have or {})
    return {"type": "object", "required": list(needs), "properties": fields, "additionalProperties": False}


def extended(shape: Shape, needs: Shape | None = None, may_have: Shape | None = None) -> Shape:
    fields = shape["properties"] | (needs or {}) | (may_have or {})
    return shape | {"required": shape["required"] + list(needs or {}), "properties": fields}


ERROR = thing({"message": TEXT, "code": NUMBER}, {"errors": FREE})
RATE_LIMITED = thing({"message": TEXT, "retry_after": {"type": "number"}, "global": YES_NO}, {"code": NUMBER})
USER = thing(
    {
        "id": ID, "username": TEXT, "avatar": TEXT_OR_NONE, "discriminator": TEXT, "public_flags": NUMBER,
        "flags": NUMBER, "global_name": TEXT_OR_NONE, "primary_guild": NOTHING,
    },
    {"bot": YES_NO, "banner": TEXT_OR_NONE, "accent_color": NOTHING, "avatar_decoration_data": NOTHING},
)  # fmt: skip
ACCOUNT = extended(
    USER,
    {"mfa_enabled": YES_NO, "locale": TEXT},
    {"premium_type": NUMBER, "email": TEXT_OR_NONE, "verified": YES_NO},
)
BARE_MEMBER = thing({
    "avatar": TEXT_OR_NONE, "banner": TEXT_OR_NONE, "communication_disabled_until": TIME_OR_NONE,
    "flags": NUMBER, "joined_at": TIME, "nick": TEXT_OR_NONE, "pending": YES_NO,
    "premium_since": TIME_OR_NONE, "roles": listed(ID), "mute": YES_NO, "deaf": YES_NO,
})  # fmt: skip
MEMBER = extended(BARE_MEMBER, {"user": USER})
ROLE = thing({
    "id": ID, "name": TEXT, "permissions": BITS, "position": NUMBER, "color": NUMBER, "colors": thing({
        "primary_color": NUMBER, "secondary_color": NOTHING, "tertiary_color": NOTHING,
    }),
    "hoist": YES_NO, "managed": YES_NO, "mentionable": YES_NO, "icon": TEXT_OR_NONE,
    "unicode_emoji": TEXT_OR_NONE, "flags": NUMBER,
}, {"tags": FREE})  # fmt: skip
OVERWRITE = thing({"id": ID, "type": one_of(0, 1), "allow": BITS, "deny": BITS})
GUILD_CHANNEL = thing(
    {
        "id": ID, "type": one_of(0, 2, 4, 5), "flags": NUMBER, "guild_id": ID, "name": TEXT,
        "position": NUMBER, "parent_id": ID_OR_NONE, "nsfw": YES_NO,
        "permission_overwrites": listed(OVERWRITE),
    },
    {
        "topic": TEXT_OR_NONE, "rate_limit_per_user": NUMBER, "last_message_id": ID_OR_NONE,
        "bitrate": NUMBER, "user_limit": NUMBER, "rtc_region": TEXT_OR_NONE,
    },
)  # fmt: skip
THREAD_MEMBER = thing(
    {"id": ID, "user_id": ID, "join_timestamp": TIME, "flags": NUMBER},
    {"member": MEMBER, "presence": NOTHING},
)
THREAD = thing(
    {
        "id": ID, "type": one_of(10, 11, 12), "flags": NUMBER, "guild_id": ID, "name": TEXT, "parent_id": ID,
        "owner_id": ID, "message_count": NUMBER, "member_count": NUMBER, "total_message_sent": NUMBER,
        "thread_metadata": thing(
            {
                "archived": YES_NO, "archive_timestamp": TIME_OR_NONE, "locked": YES_NO,
                "auto_archive_duration": one_of(60, 1440, 4320, 10080),
            },
            {"create_timestamp": TIME, "invitable": YES_NO},
        ),
    },
    {"last_message_id": ID_OR_NONE, "rate_limit_per_user": NUMBER, "member": THREAD_MEMBER},
)  # fmt: skip
DIRECT_CHANNEL = thing(
    {"id": ID, "type": one_of(1), "flags": NUMBER, "recipients": listed(USER)},
    {"last_message_id": ID_OR_NONE},
)
CHANNEL: Shape = {"anyOf": [GUILD_CHANNEL, THREAD, DIRECT_CHANNEL]}
ATTACHMENT = thing(
    {"id": ID, "filename": TEXT, "size": NUMBER, "url": URL, "proxy_url": URL},
    {"content_type": TEXT, "description": TEXT},
)
EMBED = thing(
    {"type": one_of("rich")},
    {
        "title": TEXT, "description": TEXT, "url": URL, "color": NUMBER, "timestamp": TEXT, "author": FREE,
        "footer": FREE, "image": FREE, "thumbnail": FREE, "flags": NUMBER,
        "fields": listed(thing({"name": TEXT, "value": TEXT, "inline": YES_NO}), 25),
    },
)  # fmt: skip
COMPONENT: Shape = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {"type": NUMBER, "id": NUMBER, "components": listed({"$ref": "#/$defs/component"})},
}
INTERACTION_METADATA: Shape = {
    "type": "object",
    "required": ["id", "type", "user", "authorizing_integration_owners"],
    "properties": {"id": ID, "type": one_of(2, 3, 5), "user": USER, "interacted_message_id": ID},
}
PLAIN_MESSAGE = thing(
    {
        "id": ID, "type": NUMBER, "content": TEXT, "channel_id": ID, "author": USER,
        "embeds": listed(EMBED, 10), "attachments": listed(ATTACHMENT, 10),
        "components": listed(COMPONENT), "mentions": listed(USER),
        "mention_roles": listed(ID), "mention_everyone": YES_NO, "pinned": YES_NO, "tts": YES_NO,
        "timestamp": TIME, "edited_timestamp": TIME_OR_NONE, "flags": NUMBER,
    },
    {
        "webhook_id": ID, "application_id": ID, "nonce": {"type": ["string", "integer"]}, "thread": THREAD,
        "interaction_metadata": INTERACTION_METADATA,
        "message_reference": thing({"type": one_of(0), "channel_id": ID}, {"message_id": ID, "guild_id": ID}),
    },
)  # fmt: skip
MESSAGE = extended(PLAIN_MESSAGE, {}, {"referenced_message": {"anyOf": [NOTHING, PLAIN_MESSAGE]}})
WEBHOOK = thing(
    {
        "id": ID, "type": one_of(1), "application_id": ID_OR_NONE, "avatar": TEXT_OR_NONE,
        "channel_id": ID_OR_NONE, "name": TEXT,
    },
    {"guild_id": ID, "user": USER, "token": TEXT, "url": URL},
)  # fmt: skip
OPTION: Shape = {
    "type": "object",
    "required": ["type", "name", "description"],
    "properties": {
        "type": NUMBER,
        "name": TEXT,
        "description": TEXT,
        "options": listed({"$ref": "#/$defs/option"}),
    },
}
COMMAND = thing(
    {
        "id": ID, "application_id": ID, "version": ID, "type": one_of(1, 2, 3), "name": TEXT,
        "description": TEXT, "default_member_permissions": TEXT_OR_NONE,
    },
    {
        "guild_id": ID, "nsfw": YES_NO, "contexts": {"anyOf": [NOTHING, listed(NUMBER)]},
        "dm_permission": YES_NO, "integration_types": listed(NUMBER),
        "options": listed(OPTION, 25), "name_localizations": FREE,
        "description_localizations": FREE,
    },
)  # fmt: skip
CALLBACK = thing(
    {
        "interaction": thing({"id": ID, "type": one_of(2, 3, 5)}, {
            "response_message_id": ID, "response_message_loading": YES_NO,
            "response_message_ephemeral": YES_NO, "channel_id": ID, "guild_id": ID,
        }),
    },
    {"resource": thing({"type": one_of(4, 5, 6, 7)}, {"message": MESSAGE})},
)  # fmt: skip
GUILD: Shape = {
    "type": "object",
    "required": [
        "id", "name", "icon", "owner_id", "roles", "emojis", "stickers", "features", "verification_level",
        "default_message_notifications", "explicit_content_filter", "mfa_level", "system_channel_id",
        "premium_tier", "preferred_locale", "nsfw_level", "afk_timeout", "afk_channel_id", "splash", "banner",
    ],
    "properties": {"id": ID, "name": TEXT, "owner_id": ID, "roles": listed(ROLE)},
}  # fmt: skip
WHOLE_GUILD = GUILD | {
    "required": [
        *GUILD["required"],
        "joined_at",
        "member_count",
        "members",
        "channels",
        "threads",
    ],
    "properties": GUILD["properties"]
    | {"members": listed(MEMBER), "channels": listed(GUILD_CHANNEL), "threads": listed(THREAD)},
}
MY_GUILD = thing({
    "id": ID, "name": TEXT, "icon": TEXT_OR_NONE, "banner": TEXT_OR_NONE, "owner": YES_NO,
    "permissions": BITS, "features": listed(TEXT),
})  # fmt: skip
APPLICATION: Shape = {
    "type": "object",
    "required": [
        "id", "name", "icon", "description", "bot", "bot_public", "bot_require_code_grant", "verify_key",
        "flags", "redirect_uris", "owner", "team",
    ],
    "properties": {"id": ID, "bot": USER, "owner": USER, "flags": NUMBER, "verify_key": TEXT, "name": TEXT},
}  # fmt: skip
THREADS = thing({"threads": listed(THREAD), "members": listed(THREAD_MEMBER), "has_more": YES_NO})
GATEWAY = thing({"url": URL})
GATEWAY_BOT = thing({
    "url": URL, "shards": NUMBER, "session_start_limit": thing({
        "total": NUMBER, "remaining": NUMBER, "reset_after": NUMBER, "max_concurrency": NUMBER,
    }),
})  # fmt: skip
TOKEN = thing({
    "token_type": one_of("Bearer"), "access_token": TEXT, "expires_in": NUMBER, "refresh_token": TEXT,
    "scope": TEXT,
})  # fmt: skip
TOKEN_ERROR = thing({"error": TEXT}, {"error_description": TEXT})
AUTHORIZATION = thing({"application": FREE, "scopes": listed(TEXT), "expires": TIME}, {"user": USER})

TOLD_MESSAGE = extended(MESSAGE, {"channel_type": NUMBER}, {"guild_id": ID, "member": BARE_MEMBER})
PLACE = thing({"channel_id": ID}, {"guild_id": ID})
EVENTS: dict[str, Shape] = {
    "CHANNEL_CREATE": GUILD_CHANNEL,
    "CHANNEL_UPDATE": GUILD_CHANNEL,
    "CHANNEL_DELETE": GUILD_CHANNEL,
    "THREAD_CREATE": extended(THREAD, {}, {"newly_created": YES_NO}),
    "THREAD_UPDATE": THREAD,
    "THREAD_DELETE": thing({"id": ID, "guild_id": ID, "parent_id": ID, "type": NUMBER}),
    "MESSAGE_CREATE": TOLD_MESSAGE,
    "MESSAGE_UPDATE": TOLD_MESSAGE,
    "MESSAGE_DELETE": extended(PLACE, {"id": ID}),
    "MESSAGE_DELETE_BULK": extended(PLACE, {"ids": listed(ID)}),
    "GUILD_MEMBER_ADD": extended(MEMBER, {"guild_id": ID}),
    "GUILD_MEMBER_UPDATE": extended(MEMBER, {"guild_id": ID}),
    "GUILD_MEMBER_REMOVE": thing({"guild_id": ID, "user": USER}),
    "GUILD_ROLE_CREATE": thing({"guild_id": ID, "role": ROLE}),
    "GUILD_ROLE_UPDATE": thing({"guild_id": ID, "role": ROLE}),
    "GUILD_ROLE_DELETE": thing({"guild_id": ID, "role_id": ID}),
    "TYPING_START": extended(PLACE, {"user_id": ID, "timestamp": NUMBER}, {"member": MEMBER}),
    "GUILD_CREATE": WHOLE_GUILD,
    "GUILD_DELETE": thing({"id": ID}, {"unavailable": YES_NO}),
}


@cache
def validator(name: str) -> Draft202012Validator:
    shape = EVENTS.get(name) or globals()[name]
    return Draft202012Validator(shape | {"$defs": {"component": COMPONENT, "option": OPTION}})


def broken(name: str, body: Any) -> str | None:
    """What of `body` does not have the shape of this name; None when all of it has."""
    many = name.startswith("LIST_OF_")
    for one in body if many else [body]:
        for error in validator(name.removeprefix("LIST_OF_")).iter_errors(one):
            where = "/".join(map(str, error.absolute_path))
            return f"{name} at {where or 'its top'}: {error.message[:200]}"
    return None


def check_event(name: str, data: dict[str, Any]) -> str | None:
    return broken(name, data) if name in EVENTS else None
