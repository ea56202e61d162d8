"""Channels and threads: made, changed, removed, with the limits Discord sets to their number."""

from __future__ import annotations

from typing import Any

from tests.servers.discord import payloads, posting
from tests.servers.discord.community import Community
from tests.servers.discord.errors import ApiError, archived, check_length, invalid, number
from tests.servers.discord.state import (
    Channel,
    ChannelKind,
    Message,
    MessageKind,
    Overwrite,
    Person,
    Thread,
)

CHANNELS, CHANNELS_IN_CATEGORY, ACTIVE_THREADS, THREAD_MEMBERS = 500, 50, 1000, 1000
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
TOPIC, SLOWMODE = 1024, 21_600


def create_channel(
    community: Community,
    name: Any,
    kind: ChannelKind = ChannelKind.TEXT,
    *,
    parent_id: int | None = None,
    topic: str | None = None,
    nsfw: bool = False,
    overwrites: list[Overwrite] | None = None,
) -> Channel:
    """Without overwrites of its own a channel takes those of its category."""
    if sum(1 for one in community.channels.values() if is_of_guild(one)) >= CHANNELS:
        raise ApiError(400, 30013, f"Maximum number of guild channels reached ({CHANNELS})")
    parent = category(community, parent_id) if parent_id else None
    if overwrites is None:
        overwrites = [Overwrite(**vars(one)) for one in parent.overwrites.values()] if parent else []
    made = Channel(
        community.ids.next(), kind, shown_name(name, kind), len(community.channels), parent_id, nsfw=nsfw,
        topic=checked_topic(topic), overwrites={one.id: one for one in overwrites},
    )  # fmt: skip
    community.channels[made.id] = made
    community.tell("CHANNEL_CREATE", payloads.channel(community, made))
    return made


def is_of_guild(channel: Channel) -> bool:
    return channel.thread is None and channel.kind is not ChannelKind.DM


def shown_name(name: Any, kind: ChannelKind) -> str:
    """Text channels are lower case and have dashes for spaces."""
    check_length("name", name, 1, 100)
    return "-".join(name.lower().split()) if kind in (ChannelKind.TEXT, ChannelKind.NEWS) else name.strip()


def checked_topic(topic: Any) -> str | None:
    if topic is not None:
        check_length("topic", topic, 0, TOPIC)
    return topic or None


def category(community: Community, parent_id: int) -> Channel:
    parent = community.channels.get(parent_id)
    if parent is None or parent.kind is not ChannelKind.CATEGORY:
        raise invalid("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist")
    if sum(one.parent_id == parent_id for one in community.channels.values()) >= CHANNELS_IN_CATEGORY:
        raise invalid(
            "parent_id", "CHANNEL_PARENT_MAX_CHANNELS",
            f"Maximum number of channels in category reached ({CHANNELS_IN_CATEGORY})",
        )  # fmt: skip
    return parent


def edit_channel(community: Community, channel: Channel, changes: dict[str, Any]) -> Channel:
    """`changes` are fields of the REST body; the ones left out stay."""
    if "parent_id" in changes:
        parent_id = number("parent_id", changes["parent_id"] or 0) or None
        if parent_id and parent_id != channel.parent_id:
            category(community, parent_id)
        channel.parent_id = parent_id
    if "name" in changes:
        channel.name = shown_name(changes["name"], channel.kind)
    if "topic" in changes:
        channel.topic = checked_topic(changes["topic"])
    if "permission_overwrites" in changes:
        channel.overwrites = {one.id: one for one in overwrites(changes["permission_overwrites"] or [])}
    channel.position = number("position", changes.get("position") or channel.position)
    channel.nsfw = bool(changes.get("nsfw", channel.nsfw))
    channel.slowmode = checked_slowmode(changes.get("rate_limit_per_user", channel.slowmode))
    community.tell("CHANNEL_UPDATE", payloads.channel(community, channel))
    return channel


def checked_slowmode(seconds: Any) -> int:
    wanted = number("rate_limit_per_user", seconds or 0)
    if not 0 <= wanted <= SLOWMODE:
        raise invalid("rate_limit_per_user", "NUMBER_TYPE_MAX", f"int value should be at most {SLOWMODE}.")
    return wanted


def overwrites(given: list[dict[str, Any]]) -> list[Overwrite]:
    fields = ("id", "type", "allow", "deny")
    return [
        Overwrite(*(number(f"permission_overwrites.{name}", one.get(name) or 0) for name in fields))
        for one in given
    ]


def set_overwrite(community: Community, channel: Channel, overwrite: Overwrite) -> None:
    channel.overwrites[overwrite.id] = overwrite
    community.tell("CHANNEL_UPDATE", payloads.channel(community, channel))


def remove_overwrite(community: Community, channel: Channel, target_id: int) -> None:
    if channel.overwrites.pop(target_id, None):
        community.tell("CHANNEL_UPDATE", payloads.channel(community, channel))


def delete_channel(community: Community, channel: Channel) -> dict[str, Any]:
    """Threads and webhooks go with their channel; channels outlive their category. Returns what it was."""
    was = payloads.channel(community, channel)
    if channel.kind is ChannelKind.CATEGORY:
        for one in [one for one in community.channels.values() if one.parent_id == channel.id]:
            one.parent_id = None
            community.tell("CHANNEL_UPDATE", payloads.channel(community, one))
    gone = [one for one in community.channels.values() if one.parent_id == channel.id and one.thread]
    if channel.thread:
        brief = ("id", "guild_id", "parent_id", "type")
        community.tell("THREAD_DELETE", {name: was[name] for name in brief}, channel)
    else:
        community.tell("CHANNEL_DELETE", was)
    for one in (*gone, channel):
        for message in list(one.messages.values()):
            posting.take(community, one, message)
        del community.channels[one.id]
    for webhook in [one for one in community.webhooks.values() if one.channel_id == channel.id]:
        del community.webhooks[webhook.id]
    return was


def open_thread(
    community: Community,
    parent: Channel,
    owner: Person,
    name: Any,
    kind: ChannelKind = ChannelKind.PUBLIC_THREAD,
    *,
    message: Message | None = None,
    minutes: int = 4320,
    invitable: bool = True,
) -> Channel:
    """A thread opened on a message has the message's id; a private one is known to its members alone."""
    check_length("name", name, 1, 100)
    if parent.kind not in (ChannelKind.TEXT, ChannelKind.NEWS):
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    if (
        sum(1 for one in community.channels.values() if one.thread and not one.thread.archived)
        >= ACTIVE_THREADS
    ):
        raise ApiError(400, 160006, "Maximum number of active threads reached")
    if message and message.id in community.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    now = community.clock.now()
    made = Channel(
        message.id if message else community.ids.next(), kind, name.strip(), parent_id=parent.id,
        thread=Thread(owner.id, now, archive_minutes(minutes), invitable=invitable, members={owner.id: now}),
    )  # fmt: skip
    community.channels[made.id] = made
    community.tell("THREAD_CREATE", payloads.channel(community, made) | {"newly_created": True}, made)
    if message:
        message.flags |= 1 << 5
        community.tell("MESSAGE_UPDATE", posting.event(community, parent, message), parent, message)
    elif kind is ChannelKind.PUBLIC_THREAD:
        announce(community, parent, owner, name, made)
    return made


def archive_minutes(minutes: Any) -> int:
    if minutes not in ARCHIVE_MINUTES:
        choices = f"Value must be one of {ARCHIVE_MINUTES}."
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", choices)
    return int(minutes)


def announce(community: Community, parent: Channel, owner: Person, name: str, made: Channel) -> None:
    note = Message(
        community.ids.next(), parent.id, owner, name, community.clock.now(), MessageKind.THREAD_CREATED,
        reference={"channel_id": made.id, "guild_id": community.guild_id},
    )  # fmt: skip
    posting.put(community, parent, note)


def edit_thread(community: Community, channel: Channel, changes: dict[str, Any], editor: Person) -> Channel:
    """An archived thread takes no other change unless the same edit takes it out of the archive."""
    facts = channel.thread
    assert facts
    if facts.archived and changes.get("archived") is not False:
        raise archived()
    if "archived" in changes and facts.archived != bool(changes["archived"]):
        facts.archived, facts.archived_at = bool(changes["archived"]), community.clock.now()
    facts.locked = bool(changes.get("locked", facts.locked))
    facts.invitable = bool(changes.get("invitable", facts.invitable))
    minutes = changes.get("auto_archive_duration", facts.auto_archive_minutes)
    facts.auto_archive_minutes = archive_minutes(minutes)
    channel.slowmode = checked_slowmode(changes.get("rate_limit_per_user", channel.slowmode))
    renamed = "name" in changes and changes["name"] != channel.name
    if renamed:
        check_length("name", changes["name"], 1, 100)
        channel.name = changes["name"]
    community.tell("THREAD_UPDATE", payloads.channel(community, channel), channel)
    if renamed and not facts.archived:
        system(community, channel, editor, MessageKind.CHANNEL_NAME_CHANGE, content=channel.name)
    return channel


def system(
    community: Community, channel: Channel, author: Person, kind: MessageKind, *,
    content: str = "", mentions: list[int] | None = None,
) -> None:  # fmt: skip
    """A message nobody wrote, as Discord puts into threads."""
    made = Message(community.ids.next(), channel.id, author, content, community.clock.now(), kind)
    made.mentions = mentions or []
    posting.put(community, channel, made)


def join_thread(community: Community, channel: Channel, person: Person, by: Person) -> None:
    assert channel.thread
    if channel.thread.archived:
        raise archived()
    if person.id in channel.thread.members:
        return
    if len(channel.thread.members) >= THREAD_MEMBERS:
        raise ApiError(400, 30033, f"Maximum number of thread participants reached ({THREAD_MEMBERS})")
    channel.thread.members[person.id] = community.clock.now()
    if person is community.bot:
        community.tell("THREAD_CREATE", payloads.channel(community, channel), channel)
    told = payloads.thread_member(channel, person.id)
    told |= {"member": payloads.member(community, community.members[person.id]), "presence": None}
    members_changed(community, channel, {"added_members": [told]})
    if by is not person:
        system(community, channel, by, MessageKind.RECIPIENT_ADD, mentions=[person.id])


def leave_thread(community: Community, channel: Channel, person: Person) -> None:
    assert channel.thread
    if channel.thread.archived:
        raise archived()
    if channel.thread.members.pop(person.id, None) is not None:
        members_changed(community, channel, {"removed_member_ids": [str(person.id)]})


def members_changed(community: Community, channel: Channel, change: dict[str, Any]) -> None:
    assert channel.thread
    body = {
        "id": str(channel.id),
        "guild_id": str(community.guild_id),
        "member_count": min(len(channel.thread.members), 50),
    }
    community.tell("THREAD_MEMBERS_UPDATE", body | change, channel)
