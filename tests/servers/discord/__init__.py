"""A Discord of our own on 127.0.0.1: REST and gateway version 10, OAuth2, and the people in it."""

from __future__ import annotations

import asyncio
from typing import cast

from aiohttp import web

from tests.servers.discord.app import Site
from tests.servers.discord.community import Community, Portal
from tests.servers.discord.interface import Interface
from tests.servers.discord.operations import Operations
from tests.servers.discord.people import People
from tests.servers.loopback import Loopback, OnLoop


class DiscordServer(Loopback):
    """`api_url`, `gateway_url` and `cdn_url` are for the client.

    `people` does what persons do, `interface` uses what the bot shows them, `operations` breaks things.
    """

    def __init__(self, port: int = 0, portal: Portal | None = None) -> None:
        super().__init__("discord", port)
        self.community = Community(portal)
        self.site = Site(self.community)
        self.site.go_away = self._go_away
        self.absences: set[asyncio.Task[None]] = set()
        self.people: People = cast("People", OnLoop(self, self.site.people))
        self.interface: Interface = cast("Interface", OnLoop(self, self.site.interface))
        self.operations: Operations = cast("Operations", OnLoop(self, self.site.operations))

    def application(self) -> web.Application:
        return self.site.application()

    def listens(self) -> None:
        self.community.base_url = self.base_url

    def falls_silent(self) -> None:
        self.site.gateway.abort_all()
        self.site.faults.let_go.set()

    def _go_away(self, seconds: float) -> None:
        task = self.loop.create_task(self._be_away(seconds))
        self.absences.add(task)
        task.add_done_callback(self.absences.discard)

    async def _be_away(self, seconds: float) -> None:
        """Leaves the answer to who asked for it a moment to get out."""
        await asyncio.sleep(0.05)
        await self._stop_listening()
        await asyncio.sleep(seconds)
        await self._listen()

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def cdn_url(self) -> str:
        return self.base_url

    @property
    def token(self) -> str:
        return self.community.portal.token

    @property
    def client_secret(self) -> str:
        return self.community.portal.client_secret

    @property
    def guild_id(self) -> int:
        return self.community.guild_id

    @property
    def application_id(self) -> int:
        return self.community.application_id

    @property
    def general_id(self) -> int:
        """The channel a new guild has."""
        return self.community.general.id

    @property
    def complaints(self) -> list[str]:
        return self.community.complaints
