"""A line between one client and the site, which can be cut, silenced, held back and made to repeat itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

REMEMBERED = 12
SWALLOWED_SECONDS = 0.1
"""The first bytes after a question may be about something else: its answer is given by then."""
UP, DOWN = "up", "down"


@dataclass(eq=False)
class Connection:
    """Both halves of one connection of the client."""

    client: asyncio.StreamWriter
    site: asyncio.StreamWriter
    said: bytearray = field(default_factory=bytearray)
    asks: bool = False
    """The client said something, and heard nothing since."""
    lost: bool = False
    """Bytes are missing: nobody can go on with it."""

    def reset(self) -> None:
        for writer in (self.client, self.site):
            writer.transport.abort()


class Wire:
    """Listens on a port of its own and forwards to one of `ports`: the first that answers, and then to it
    as long as it does, as a proxy with sticky sessions would.
    """

    def __init__(self, name: str, ports: Sequence[int]) -> None:
        self.name, self.ports = name, deque(ports)
        self.port = 0
        self.refuses = self.swallows = False
        self.silent: set[str] = set()
        self.through = asyncio.Event()
        self.through.set()
        self.connections: set[Connection] = set()
        self.requests: deque[bytes] = deque(maxlen=REMEMBERED)
        self._server: asyncio.Server | None = None
        self._repeating: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._repeating:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1)

    # --- what goes wrong -----------------------------------------------------
    def cut(self) -> None:
        for connection in tuple(self.connections):
            connection.reset()

    def begin(self, kind: str) -> None:
        if kind == "cut":
            self.refuses = True
            self.cut()
        elif kind in ("mute", "deaf"):
            self.silent.add(UP if kind == "mute" else DOWN)
        elif kind == "late":
            self.through.clear()
        elif kind == "swallow":
            self.swallows = True
        elif kind == "repeat":
            for request in tuple(self.requests):
                task = asyncio.ensure_future(self._repeat(request))
                self._repeating.add(task)
                task.add_done_callback(self._repeating.discard)

    def end(self, kind: str) -> None:
        self.refuses = self.swallows = False
        self.through.set()
        self.silent.clear()
        for connection in tuple(self.connections):
            if connection.lost:
                connection.reset()

    async def _repeat(self, request: bytes) -> None:
        with suppress(OSError, TimeoutError):
            reader, writer = await self._to_site()
            writer.write(request)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()

    # --- what passes ---------------------------------------------------------
    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        serving = asyncio.ensure_future(self._forward(reader, client))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        await serving

    async def _forward(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self.refuses:
            client.transport.abort()
            return
        try:
            answers, site = await self._to_site()
        except OSError:
            client.transport.abort()
            return
        connection = Connection(client, site)
        self.connections.add(connection)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._up(reader, connection))
                group.create_task(self._down(answers, connection))
        finally:
            self.connections.discard(connection)
            connection.reset()

    async def _to_site(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in range(len(self.ports) - 1):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self.ports[0])
            self.ports.rotate(-1)
        return await asyncio.open_connection("127.0.0.1", self.ports[0])

    async def _up(self, reader: asyncio.StreamReader, connection: Connection) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                connection.said += data if len(connection.said) < 65536 else b""
                connection.asks = True
                await self.through.wait()
                connection.lost = connection.lost or UP in self.silent
                if UP not in self.silent:
                    connection.site.write(data)
                    await connection.site.drain()
        connection.reset()

    async def _down(self, answers: asyncio.StreamReader, connection: Connection) -> None:
        with suppress(OSError):
            while data := await answers.read(65536):
                self._remember(connection)
                await self.through.wait()
                if self.swallows and connection.asks:
                    connection.lost = True
                    await asyncio.sleep(SWALLOWED_SECONDS)
                    break
                connection.asks = False
                if self.swallows or DOWN in self.silent:
                    connection.lost = True
                else:
                    connection.client.write(data)
                    await connection.client.drain()
            if not connection.lost:
                await self._finish(connection)
        connection.reset()

    async def _finish(self, connection: Connection) -> None:
        """The site closed in order: so does the line, when the client has read everything."""
        with suppress(OSError, TimeoutError):
            connection.client.close()
            async with asyncio.timeout(2):
                await connection.client.wait_closed()

    def _remember(self, connection: Connection) -> None:
        """An answered request that may come twice: one with a nonce. Clients use a connection for each."""
        said = bytes(connection.said)
        if said.startswith(b"POST /api/") and b"client_nonce" in said:
            self.requests.append(said)
            connection.said.clear()
