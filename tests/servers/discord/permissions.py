"""Who may do what where: roles, then overwrites of everyone, of roles, of the member."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

from tests.servers.discord.state import Channel, ChannelKind, Member

if TYPE_CHECKING:
    from tests.servers.discord.community import Community


class Permission(IntFlag):
    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


P = Permission
EVERYTHING = P((1 << 53) - 1)
EVERYONE = (
    P.VIEW_CHANNEL | P.SEND_MESSAGES | P.READ_MESSAGE_HISTORY | P.EMBED_LINKS | P.ATTACH_FILES
    | P.ADD_REACTIONS | P.USE_EXTERNAL_EMOJIS
    | P.USE_APPLICATION_COMMANDS | P.CREATE_PUBLIC_THREADS | P.CREATE_PRIVATE_THREADS
    | P.SEND_MESSAGES_IN_THREADS | P.CHANGE_NICKNAME | P.CONNECT | P.SPEAK | P.CREATE_INSTANT_INVITE
)  # fmt: skip
BOT = (
    EVERYONE | P.MANAGE_CHANNELS | P.MANAGE_ROLES | P.MANAGE_WEBHOOKS | P.MANAGE_MESSAGES | P.MANAGE_THREADS
    | P.MANAGE_NICKNAMES | P.MODERATE_MEMBERS | P.VIEW_AUDIT_LOG
)  # fmt: skip
NEEDS_SENDING = P.MENTION_EVERYONE | P.SEND_TTS_MESSAGES | P.ATTACH_FILES | P.EMBED_LINKS
WHILE_TIMED_OUT = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY


def in_guild(community: Community, member: Member) -> Permission:
    """What roles give, before any channel has its say."""
    if member.person.id == community.owner.id:
        return EVERYTHING
    held = P(community.roles[community.guild_id].permissions)
    for role_id in member.roles:
        held |= P(community.roles[role_id].permissions)
    return EVERYTHING if P.ADMINISTRATOR in held else held


def in_channel(community: Community, person_id: int, channel: Channel) -> Permission:
    """What this person may do in this channel, thread or direct conversation."""
    if channel.kind is ChannelKind.DM:
        return EVERYONE if any(one.id == person_id for one in channel.recipients) else P(0)
    member = community.members.get(person_id)
    if member is None:
        return P(0)
    held = in_guild(community, member)
    if P.ADMINISTRATOR in held:
        return EVERYTHING
    place = community.channels[channel.parent_id] if channel.thread and channel.parent_id else channel
    held = overwritten(community, member, place, held)
    if member.silent_until and member.silent_until > community.clock.now():
        held &= WHILE_TIMED_OUT
    if channel.thread:
        held = within_thread(channel, person_id, held)
    if P.SEND_MESSAGES not in held:
        held &= ~NEEDS_SENDING
    return held if P.VIEW_CHANNEL in held else P(0)


def overwritten(community: Community, member: Member, channel: Channel, held: Permission) -> Permission:
    everyone = channel.overwrites.get(community.guild_id)
    if everyone:
        held = held & ~P(everyone.deny) | P(everyone.allow)
    allow = deny = P(0)
    for role_id in member.roles:
        if overwrite := channel.overwrites.get(role_id):
            allow |= P(overwrite.allow)
            deny |= P(overwrite.deny)
    held = held & ~deny | allow
    if own := channel.overwrites.get(member.person.id):
        held = held & ~P(own.deny) | P(own.allow)
    return held


def within_thread(channel: Channel, person_id: int, held: Permission) -> Permission:
    """Sending in a thread is a permission of its own; a private one is seen by those who are in it."""
    assert channel.thread
    held = held & ~P.SEND_MESSAGES
    if P.SEND_MESSAGES_IN_THREADS in held and (not channel.thread.locked or P.MANAGE_THREADS in held):
        held |= P.SEND_MESSAGES
    hidden = channel.kind is ChannelKind.PRIVATE_THREAD and person_id not in channel.thread.members
    return P(0) if hidden and P.MANAGE_THREADS not in held else held


def top_position(community: Community, member: Member) -> int:
    """How high the member's highest role stands; roles at or above it are out of the member's hands."""
    if member.person.id == community.owner.id:
        return 1 << 30
    return max((community.roles[role_id].position for role_id in member.roles), default=0)
