from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yarl
from discord.backoff import ExponentialBackoff

from bot.client import Bridge
from tests.bot.town import Town, town
from tests.servers.discord import DiscordServer


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for all tests of a file; each test has tickets of its own."""
    data: Path = tmp_path_factory.mktemp("town")
    with town(data) as made:
        yield made


@pytest.fixture
def discord_server(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[DiscordServer]:
    """A Discord for a bot in this process."""
    server = DiscordServer().start()
    monkeypatch.setattr("discord.http.Route.BASE", server.api_url)
    monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    monkeypatch.setattr(ExponentialBackoff, "delay", lambda _self: 0.05)
    settings.DISCORD_GUILD_ID, settings.DISCORD_API_URL = server.guild_id, server.api_url
    yield server
    server.stop()


@asynccontextmanager
async def leading(server: DiscordServer) -> AsyncIterator[Bridge]:
    """The real bot at this Discord, ready, and for ten minutes the one that acts."""
    made = Bridge("a test")
    made.lead_until = time.monotonic() + 600
    running = asyncio.create_task(made.start(server.token))
    await server.eventually(lambda: running.done() or made.is_ready())
    yield made
    await made.close()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def bot(discord_server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bridge]:
    monkeypatch.setattr("bot.posts.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("bot.posts.MAX_PAUSE_SECONDS", 0.2)
    async with leading(discord_server) as made:
        yield made
