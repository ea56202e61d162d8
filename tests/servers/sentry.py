"""A Sentry on 127.0.0.1 that keeps the envelopes it is sent."""

from __future__ import annotations

import gzip

from aiohttp import web

from tests.servers.loopback import Loopback


class SentryServer(Loopback):
    def __init__(self) -> None:
        super().__init__("sentry", 0)
        self.envelopes: list[str] = []

    @property
    def dsn(self) -> str:
        return f"http://0123456789abcdef@127.0.0.1:{self.port}/1"

    @property
    def complaints(self) -> list[str]:
        return []

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/api/1/envelope/", self._take)
        return application

    def listens(self) -> None: ...

    def falls_silent(self) -> None: ...

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()  # aiohttp may have unpacked it
        self.envelopes.append((gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode())
        return web.json_response({"id": "1"})
