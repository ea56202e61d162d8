"""Web targets that answer well, slowly, at length, by half, elsewhere, or not at all."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import Any

from aiohttp import web

from tests.servers.loopback import Loopback

HUGE = 8 * 1024 * 1024


class Targets(Loopback):
    """`seen`: method, path and headers of each request."""

    def __init__(self, port: int = 0) -> None:
        super().__init__("targets", port)
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200
        self.silence = asyncio.Event()

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._note])
        application.router.add_routes(
            [
                web.route("*", "/ok", self.ok),
                web.route("*", "/status/{code}", self.with_status),
                web.route("*", "/to", self.redirect),
                web.route("*", "/loop", self.loop_for_ever),
                web.route("*", "/slow", self.slow),
                web.route("*", "/drip", self.drip),
                web.route("*", "/huge", self.huge),
                web.route("*", "/cut", self.cut),
                web.route("*", "/json", self.json),
                web.route("*", "/latin", self.latin),
                web.route("*", "/nobody-knows", self.unknown_charset),
                web.route("*", "/socket.io/", self.engine_io),
                web.route("*", "/settable", self.settable),
            ]
        )
        return application

    def listens(self) -> None:
        self.silence.clear()

    def falls_silent(self) -> None:
        self.silence.set()

    async def pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.silence.wait(), seconds)

    @property
    def complaints(self) -> list[str]:
        return []

    @web.middleware
    async def _note(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.seen.append((request.method, request.path, dict(request.headers)))
        response: web.StreamResponse = await handler(request)
        return response

    async def ok(self, request: web.Request) -> web.Response:
        body = await request.text()
        return web.Response(text=f"all is well {body}")

    async def settable(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status, text="as it was told")

    async def with_status(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["code"]), text="so be it")

    async def redirect(self, request: web.Request) -> web.Response:
        code = int(request.query.get("code", "302"))
        return web.Response(status=code, headers={"Location": request.query["url"]})

    async def loop_for_ever(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/loop"})

    async def slow(self, request: web.Request) -> web.Response:
        await self.pause(float(request.query.get("seconds", "30")))
        return web.Response(text="at last")

    async def drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while not self.silence.is_set():
                await response.write(b".")
                await self.pause(0.1)
        return response

    async def huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(HUGE // 65536):
                await response.write(b"x" * 65536)
        return response

    async def cut(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"only so much")
        assert request.transport is not None
        request.transport.abort()
        return response

    async def json(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "status": "ok",
                "checks": {"memory": {"status": "ok", "usage_percent": 41.5}},
                "items": [{"id": 1}, {"id": 7}],
                "none": None,
            }
        )

    async def latin(self, _request: web.Request) -> web.Response:
        return web.Response(
            body="Grüße".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin-1"}
        )

    async def unknown_charset(self, _request: web.Request) -> web.Response:
        return web.Response(body="Grüße".encode(), headers={"Content-Type": "text/plain; charset=martian"})

    async def engine_io(self, request: web.Request) -> web.Response:
        if request.query.get("EIO") != "4":
            return web.Response(status=400, text="no")
        return web.Response(text='0{"sid":"abc","upgrades":[],"pingInterval":25000}')


async def listen_with(context: ssl.SSLContext, answer: bytes = b"") -> tuple[asyncio.Server, int]:
    """A TLS server on 127.0.0.1 that gives one answer to whatever is sent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    return server, server.sockets[0].getsockname()[1]
