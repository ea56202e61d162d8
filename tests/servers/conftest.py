"""A Discord and an FCM for each test, and the real libraries connected to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache

import discord
import firebase_admin
import pytest
import yarl
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from discord.backoff import ExponentialBackoff
from discord.ext import commands
from httpx import create_ssl_context

from tests.servers.discord import DiscordServer
from tests.servers.fcm import FcmServer
from tests.servers.fcm.accounts import new_key
from tests.servers.fcm.client import app_at, leave

Connect = Callable[..., "asynccontextmanager[Bot]"]


class Bot(commands.Bot):
    """Keeps what it hears; `set_up` may add to it before it connects."""

    def __init__(
        self, intents: discord.Intents | None = None, set_up: Callable[[Bot], Awaitable[None]] | None = None
    ) -> None:
        super().__init__("!", intents=intents or discord.Intents.all(), guild_ready_timeout=0.1)
        self.set_up = set_up
        self.heard: list[str] = []
        self.read: list[discord.Message] = []

    async def setup_hook(self) -> None:
        if self.set_up:
            await self.set_up(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The library waits five seconds here before each new session but the first."""

    async def on_socket_event_type(self, name: str) -> None:
        self.heard.append(name)

    async def on_message(self, message: discord.Message) -> None:
        self.read.append(message)

    @property
    def guild(self) -> discord.Guild:
        return self.guilds[0]

    @property
    def general(self) -> discord.TextChannel:
        return self.guild.text_channels[0]

    def texts(self) -> list[str]:
        return [message.content for message in self.read]


@pytest.fixture
def discord_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DiscordServer]:
    """Fails the test when this Discord did what the real one does not."""
    server = DiscordServer().start()
    monkeypatch.setattr("discord.http.Route.BASE", server.api_url)
    monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    monkeypatch.setattr(ExponentialBackoff, "delay", lambda _self: 0.05)
    yield server
    server.stop()


@pytest.fixture
def connected(discord_server: DiscordServer) -> Connect:
    """`async with connected(intents=..., set_up=...) as bot:` is ready inside and gone after."""

    @asynccontextmanager
    async def connect(**how: object) -> AsyncIterator[Bot]:
        bot = Bot(**how)
        running = asyncio.create_task(bot.start(discord_server.token))
        await discord_server.eventually(lambda: running.done() or "READY" in bot.heard)
        if running.done():
            running.result()
        await bot.wait_until_ready()
        try:
            yield bot
        finally:
            await bot.close()
            await asyncio.gather(running, return_exceptions=True)

    return connect


@pytest.fixture(scope="session")
def fcm_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
def fcm_server(fcm_key: RSAPrivateKey) -> Iterator[FcmServer]:
    """Fails the test when this FCM was asked for something the real one may have and it has not."""
    server = FcmServer(key=fcm_key).start()
    yield server
    server.stop()


one_context = cache(create_ssl_context)


@pytest.fixture
def fcm_app(fcm_server: FcmServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[firebase_admin.App]:
    """The real library, sent to `fcm_server`, else as it comes but for a shorter timeout."""
    # Each app reads the list of authorities three times, which here nothing needs.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", one_context)
    app = app_at(fcm_server)
    yield app
    leave(app)
