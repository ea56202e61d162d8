"""How a route is written: a function takes a `Call`, does it as the bot may, and returns what is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord import permissions
from tests.servers.discord.community import Community
from tests.servers.discord.errors import (
    invalid,
    missing_access,
    missing_permissions,
    number,
    unauthorized,
    unknown,
)
from tests.servers.discord.limits import Limits
from tests.servers.discord.permissions import Permission
from tests.servers.discord.state import AccessToken, Channel, ChannelKind, Person


@dataclass
class Upload:
    filename: str
    content: bytes


@dataclass
class Call:
    """One request, read."""

    community: Community
    limits: Limits
    path: dict[str, str]
    query: dict[str, str]
    body: Any = None
    """The JSON, `payload_json` or form; None without a body."""
    uploads: dict[str, Upload] = field(default_factory=dict)
    """Field name (`files[0]`) -> file."""
    headers: Mapping[str, str] = field(default_factory=dict)
    bearer: AccessToken | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The body as an object. Raises 400 when it is something else."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise invalid("_schema", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType.")
        return self.body

    @property
    def bot(self) -> Person:
        return self.community.bot

    def channel(self, *needs: Permission, archive: bool = False) -> Channel:
        """The channel of the path, which the bot sees and where it has what it needs. Raises 404, 403."""
        return self.allowed(self.community.channel(self.path["channel"]), *needs)

    def allowed(self, channel: Channel, *needs: Permission) -> Channel:
        held = self.community.may(self.bot, channel)
        if Permission.VIEW_CHANNEL not in held:
            raise missing_access()
        if any(need not in held for need in needs):
            raise missing_permissions()
        return channel

    def of_guild(self, *needs: Permission) -> None:
        """The path names the guild, and the bot has these permissions in it. Raises 404, 403."""
        there = self.bot.id in self.community.members
        if not there or self.path["guild"] != str(self.community.guild_id):
            raise unknown("guild")
        held = permissions.in_guild(self.community, self.community.members[self.bot.id])
        if any(need not in held for need in needs):
            raise missing_permissions()

    def person(self, scope: str) -> Person:
        """Whose access token it is. Raises 401 without the scope."""
        if self.bearer is None or scope not in self.bearer.scopes:
            raise unauthorized()
        return self.community.people[self.bearer.person_id]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number of the query. Raises 400 outside its limits."""
        value = number(name, self.query.get(name, default))
        if not least <= value <= most:
            raise invalid(name, "NUMBER_TYPE_MAX", f"int value should be between {least} and {most}.")
        return value


def text_channel(channel: Channel) -> Channel:
    if channel.kind is ChannelKind.CATEGORY:
        raise invalid("channel_id", "CHANNEL_TYPE_INVALID", "Invalid channel type")
    return channel


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True)
class Door:
    method: str
    path: str
    shape: str | None
    """Name in `shapes`; None for 204."""
    status: int
    auth: str
    """`bot`, `bearer`, `either`, or `none` where a token in the path is enough."""
    handler: Handler

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


DOORS: list[Door] = []


def door(
    method: str, path: str, shape: str | None = None, *, status: int | None = None, auth: str = "bot"
) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        DOORS.append(Door(method, path, shape, status or (200 if shape else 204), auth, handler))
        return handler

    return add
