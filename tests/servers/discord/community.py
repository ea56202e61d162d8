"""The one guild with all in it, its clock, and the place where events are told."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord import permissions
from tests.servers.discord.errors import unknown
from tests.servers.discord.state import (
    AccessToken,
    Attachment,
    Channel,
    ChannelKind,
    Clock,
    Command,
    Grant,
    Interaction,
    Member,
    Message,
    Person,
    Request,
    Role,
    Snowflakes,
    Webhook,
)

PRIVILEGED_INTENTS = 1 << 1 | 1 << 8 | 1 << 15
BOT_ROLE_POSITION = 100


@dataclass
class Portal:
    """What is set up at Discord for the application, and how this one behaves; tests may change any of it."""

    token: str = field(default_factory=lambda: "MTA." + secrets.token_urlsafe(32))
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    redirect_uris: list[str] | None = None
    """None takes any address; a list takes these alone, letter by letter."""
    privileged_intents: int = PRIVILEGED_INTENTS
    """The ones that are switched on: members, presences, message content."""
    heartbeat_ms: int = 41_250
    heartbeat_grace: float = 5.0
    """Seconds past two heartbeats after which a silent client is dropped with 4009."""
    url_life_seconds: float = 86_400
    upload_limit: int = 10 * 1024 * 1024
    code_life_seconds: float = 600
    token_life_seconds: float = 604_800


@dataclass
class Event:
    """Something the gateway tells: its name, its data, and the channel whose viewers alone hear it."""

    name: str
    data: dict[str, Any]
    channel: Channel | None = None
    message: Message | None = None


class Community:
    """All state. Everything runs on the server's loop, so nothing is locked."""

    def __init__(self, portal: Portal | None = None) -> None:
        self.portal = portal or Portal()
        self.clock = Clock()
        self.ids = Snowflakes(self.clock)
        self.base_url = ""
        self.listeners: list[Callable[[Event], None]] = []
        self.complaints: list[str] = []
        """What this server did wrong itself: a broken shape, a route it lacks, an exception."""
        self.requests: list[Request] = []
        self.people: dict[int, Person] = {}
        self.roles: dict[int, Role] = {}
        self.members: dict[int, Member] = {}
        self.channels: dict[int, Channel] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.commands: dict[int, Command] = {}
        self.interactions: dict[int, Interaction] = {}
        self.attachments: dict[int, tuple[int, Attachment]] = {}
        self.hidden: dict[int, Message] = {}
        """Ephemeral messages: no channel has them."""
        self.typed: list[tuple[int, int, float]] = []
        """Person, channel, when."""
        self.codes: dict[str, Grant] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.login: Person | str | None = None
        """Who stands at the authorize page, or the error Discord redirects with."""
        self.secret = secrets.token_bytes(16)
        self._settle()

    def _settle(self) -> None:
        self.owner = self.person("owner", "Owner")
        self.bot = self.person("haze", "Haze", bot=True)
        self.application_id = self.bot.id
        self.guild_id = self.ids.next()
        self.roles[self.guild_id] = Role(self.guild_id, "@everyone", int(permissions.EVERYONE), 0)
        self.bot_role = Role(self.ids.next(), "Haze", int(permissions.BOT), BOT_ROLE_POSITION, managed=True)
        self.roles[self.bot_role.id] = self.bot_role
        for one, roles in ((self.owner, set()), (self.bot, {self.bot_role.id})):
            self.members[one.id] = Member(one, self.clock.now(), roles)
        self.general = Channel(self.ids.next(), ChannelKind.TEXT, "general")
        self.channels[self.general.id] = self.general

    def person(self, name: str, display_name: str | None = None, *, bot: bool = False) -> Person:
        one = Person(self.ids.next(), name, display_name, bot=bot)
        self.people[one.id] = one
        return one

    def tell(
        self, name: str, data: dict[str, Any], channel: Channel | None = None, message: Message | None = None
    ) -> None:
        for listener in self.listeners:
            listener(Event(name, data, channel, message))

    def channel(self, channel_id: int | str) -> Channel:
        try:
            return self.channels[int(channel_id)]
        except (KeyError, ValueError):
            raise unknown("channel") from None

    def member(self, person_id: int | str) -> Member:
        try:
            return self.members[int(person_id)]
        except (KeyError, ValueError):
            raise unknown("member") from None

    def role(self, role_id: int | str) -> Role:
        try:
            return self.roles[int(role_id)]
        except (KeyError, ValueError):
            raise unknown("role") from None

    def message(self, channel: Channel, message_id: int | str) -> Message:
        try:
            return channel.messages[int(message_id)]
        except (KeyError, ValueError):
            raise unknown("message") from None

    def may(self, person: Person, channel: Channel) -> permissions.Permission:
        return permissions.in_channel(self, person.id, channel)

    def sees(self, person: Person, channel: Channel) -> bool:
        return permissions.Permission.VIEW_CHANNEL in self.may(person, channel)

    def direct_channel(self, person: Person) -> Channel:
        """The conversation of the bot with one person, made when there is none."""
        for channel in self.channels.values():
            if channel.kind is ChannelKind.DM and person in channel.recipients:
                return channel
        made = Channel(self.ids.next(), ChannelKind.DM, "", recipients=[person, self.bot])
        self.channels[made.id] = made
        return made

    def url_of(self, channel_id: int, attachment: Attachment) -> str:
        """A signed address of the CDN; `url_life_seconds` after now it is not found."""
        expires = int(self.clock.now() + self.portal.url_life_seconds)
        issued = int(self.clock.now())
        path = f"/attachments/{channel_id}/{attachment.id}/{attachment.filename}"
        return (
            f"{self.base_url}{path}?ex={expires:x}&is={issued:x}&hm={self.signature(path, expires, issued)}&"
        )

    def signature(self, path: str, expires: int, issued: int) -> str:
        return hmac.new(self.secret, f"{path} {expires} {issued}".encode(), hashlib.sha256).hexdigest()
