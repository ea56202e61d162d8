"""What exists: people, roles, channels, messages, webhooks, commands, interactions. Plain data, no rules."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

DISCORD_EPOCH_MS = 1_420_070_400_000


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    NEWS = 5
    NEWS_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


class MessageKind(IntEnum):
    DEFAULT = 0
    RECIPIENT_ADD = 1
    CHANNEL_NAME_CHANGE = 4
    USER_JOIN = 7
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    MODAL_SUBMIT = 5


class Clock:
    """Seconds since 1970, as Discord sees them; a test may move it forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


class Snowflakes:
    """Ids that hold the millisecond of their making and only grow."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.last = 0

    def next(self) -> int:
        stamp = (int(self.clock.now() * 1000) - DISCORD_EPOCH_MS) << 22
        self.last = max(self.last + 1, stamp)
        return self.last


@dataclass
class Person:
    id: int
    name: str
    display_name: str | None = None
    avatar: str | None = None
    bot: bool = False
    takes_direct_messages: bool = True


@dataclass
class Role:
    id: int
    name: str
    permissions: int
    position: int
    managed: bool = False
    mentionable: bool = False
    color: int = 0
    hoist: bool = False


@dataclass
class Member:
    person: Person
    joined_at: float
    roles: set[int] = field(default_factory=set)
    nick: str | None = None
    silent_until: float | None = None


@dataclass
class Overwrite:
    id: int
    kind: int
    """0 for a role, 1 for a member."""
    allow: int = 0
    deny: int = 0


@dataclass
class Thread:
    owner_id: int
    created_at: float
    auto_archive_minutes: int = 4320
    archived: bool = False
    archived_at: float = 0.0
    locked: bool = False
    invitable: bool = True
    members: dict[int, float] = field(default_factory=dict)
    """Person id -> when they joined."""
    sent: int = 0


@dataclass
class Attachment:
    id: int
    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None


@dataclass
class Message:
    id: int
    channel_id: int
    author: Person
    content: str
    at: float
    kind: MessageKind = MessageKind.DEFAULT
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    reference: dict[str, int] | None = None
    flags: int = 0
    nonce: str | None = None
    edited_at: float | None = None
    webhook_id: int | None = None
    avatar_url: str | None = None
    """The picture a webhook's message was sent with."""
    application_id: int | None = None
    interaction: Interaction | None = None
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    pinged: list[int] = field(default_factory=list)
    """Ids of the people whose client rang."""
    only_for: int | None = None
    """The one person who sees an ephemeral message."""


@dataclass
class Channel:
    id: int
    kind: ChannelKind
    name: str
    position: int = 0
    parent_id: int | None = None
    topic: str | None = None
    nsfw: bool = False
    slowmode: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipients: list[Person] = field(default_factory=list)
    thread: Thread | None = None
    last_message_id: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    renamed_at: list[float] = field(default_factory=list)
    """When name or topic were changed: Discord takes two changes in ten minutes."""


@dataclass
class Webhook:
    id: int
    channel_id: int
    name: str
    creator: Person
    application_id: int | None
    avatar: str | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(51))


@dataclass
class Command:
    id: int
    guild_id: int | None
    version: int
    body: dict[str, Any]


@dataclass
class Interaction:
    id: int
    kind: InteractionKind
    person: Person
    channel_id: int
    at: float
    data: dict[str, Any]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    message: Message | None = None
    """The message whose button or select it was."""
    parent: Interaction | None = None
    """The interaction that showed the modal."""
    answered: int | None = None
    """The type of the callback, once there was one."""
    original: Message | None = None
    modal: dict[str, Any] | None = None
    followups: list[Message] = field(default_factory=list)


@dataclass
class Grant:
    """What a person allowed an application at the authorize page."""

    person_id: int
    scopes: list[str]
    redirect_uri: str
    expires_at: float
    challenge: str | None = None
    challenge_method: str = "plain"


@dataclass
class AccessToken:
    person_id: int
    scopes: list[str]
    access: str
    refresh: str
    expires_at: float


@dataclass
class Request:
    """One REST request as the server saw it."""

    method: str
    path: str
    at: float
    query: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    """None while it runs, and when its connection was cut."""
    body: Any = None
    reason: str | None = None
    """What the bot wrote for the audit log."""
