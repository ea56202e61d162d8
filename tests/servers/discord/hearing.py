"""Which session hears of what: intents, and what the bot may see."""

from __future__ import annotations

from typing import Any

from tests.servers.discord.community import Community, Event
from tests.servers.discord.state import ChannelKind, Message

GUILDS, MEMBERS, WEBHOOKS, MESSAGES, TYPING = 1 << 0, 1 << 1, 1 << 5, 1 << 9, 1 << 11
DIRECT_MESSAGES, DIRECT_TYPING, CONTENT = 1 << 12, 1 << 14, 1 << 15
GUILD_EVENTS = ("GUILD_CREATE", "GUILD_DELETE")
BY_START = {
    "GUILD_CREATE": GUILDS,
    "GUILD_DELETE": GUILDS,
    "CHANNEL_": GUILDS,
    "THREAD_": GUILDS,
    "GUILD_ROLE_": GUILDS,
    "GUILD_MEMBER_": MEMBERS,
    "WEBHOOKS_": WEBHOOKS,
    "MESSAGE_": MESSAGES,
    "TYPING_": TYPING,
}
IN_PRIVATE = {MESSAGES: DIRECT_MESSAGES, TYPING: DIRECT_TYPING}


def hears(community: Community, intents: int, event: Event) -> bool:
    """The bot hears of itself without the members intent; an interaction reaches it whatever it asked for."""
    needs = next((intent for start, intent in BY_START.items() if event.name.startswith(start)), 0)
    if event.name in ("GUILD_MEMBER_UPDATE", "THREAD_MEMBERS_UPDATE") and about_the_bot(community, event):
        needs = GUILDS
    elif event.name == "THREAD_MEMBERS_UPDATE":
        needs = MEMBERS
    if event.channel and event.channel.kind is ChannelKind.DM:
        needs = IN_PRIVATE.get(needs, needs)
    if needs and not intents & needs:
        return False
    if event.channel is None:
        return community.bot.id in community.members or event.name in GUILD_EVENTS
    return community.sees(community.bot, event.channel)


def about_the_bot(community: Community, event: Event) -> bool:
    me = str(community.bot.id)
    added = [one["user_id"] for one in event.data.get("added_members", [])]
    return me in (event.data.get("user", {}).get("id"), *added, *event.data.get("removed_member_ids", []))


def retold(community: Community, intents: int, event: Event) -> dict[str, Any]:
    """The data as this session gets it: without the content intent, messages of others come empty."""
    if event.message is None or reads(community, intents, event.message):
        return event.data
    return emptied(event.data)


def reads(community: Community, intents: int, message: Message) -> bool:
    """Own messages, those that mention the bot and private ones are whole whatever the intents."""
    channel = community.channels.get(message.channel_id)
    return bool(
        intents & CONTENT
        or message.author is community.bot
        or message.application_id == community.application_id
        or community.bot.id in message.mentions
        or (channel and channel.kind is ChannelKind.DM)
    )


def emptied(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"content": "", "embeds": [], "attachments": [], "components": []}
