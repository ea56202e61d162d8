"""Straight to a Socket.IO client: all that is private API of python-engineio and python-socketio.

Their own way to one client decodes, encodes, makes a task and waits in two queues. Here the text, which
was made once for all, goes down the websocket where there is one and nothing waits before it; else it
joins the library's queue, so that nothing overtakes or is lost while a client moves from polling to a
websocket. `works` tries all of this out at the start; see docs/adr/0007.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import Any

import socketio
import structlog
from engineio.async_drivers.asgi import WebSocket
from engineio.async_socket import AsyncSocket
from engineio.exceptions import QueueEmpty, SocketIsClosedError
from engineio.packet import CLOSE, MESSAGE, NOOP, Packet

from hazesite.realtime import wire

logger = structlog.get_logger(__name__)
PATIENCE = 2.0


class Websocket(WebSocket):  # type: ignore[misc]
    """The library's own packets (answers, pings, what was queued) go through `send`, by one task."""

    sending = False

    async def __call__(self, environ: dict[str, Any]) -> Any:
        self.straight = wire.straight(environ["asgi.scope"])
        self.handler.__self__.websocket = self
        return await super().__call__(environ)

    async def send(self, message: Any) -> None:
        self.sending = True
        try:
            await super().send(message)
        finally:
            self.sending = False


class Socket(AsyncSocket):  # type: ignore[misc]
    websocket: Websocket | None = None

    def straight(self, framed: bytes) -> bool:
        """Write it if that can be done at once and overtakes nothing; says whether it did."""
        websocket = self.websocket
        return (
            websocket is not None
            and self.upgraded
            and not self.closed
            and not websocket.sending
            and self.queue.empty()
            and websocket.straight(framed)
        )

    def deliver(self, framed: bytes) -> Awaitable[None] | None:
        """Where `straight` would not: send this after everything that was sent before.

        None: it waits in the library's queue. Else the caller awaits what is given. Raises
        `SocketIsClosedError`.
        An answer of the library's may come earlier than it would have; an event never does: those of one
        socket come through here, one after the other.
        """
        if self.closed:
            raise SocketIsClosedError
        websocket = self.websocket
        if websocket is None or not self.upgraded or websocket.sending or not self.queue.empty():
            self.queue.put_nowait(Packet(MESSAGE, wire.text(framed)[1:]))
            return None
        sending: Awaitable[None] = websocket.asgi_send(wire.message(framed))
        return sending

    async def receive(self, pkt: Packet) -> None:
        """As in the library, and who says good-bye is not left with a poll that waits until it times out."""
        await super().receive(pkt)
        if pkt.packet_type == CLOSE and not self.upgraded:
            self.queue.put_nowait(Packet(NOOP))

    async def poll(self) -> list[Packet]:
        """As in the library, without a task per wait.

        With one, a packet could be out of the queue and not yet on its way, and be overtaken.
        """
        try:
            async with asyncio.timeout(self.server.ping_interval + self.server.ping_timeout):
                packets = [await self.queue.get()]
        except (TimeoutError, asyncio.CancelledError):
            raise QueueEmpty from None
        self.queue.task_done()
        while packets[-1] is not None and not self.queue.empty():
            packets.append(self.queue.get_nowait())
            self.queue.task_done()
        if packets[-1] is None and len(packets) > 1:
            self.queue.put_nowait(None)  # the end comes after what was said before it
        return [packet for packet in packets if packet is not None]


def install(server: socketio.AsyncServer) -> None:
    """Let this server's connections be `Socket`s, before its first one."""
    library = server.eio.handlers["connect"]

    async def connect(connection: str, environ: dict[str, Any]) -> Any:
        server.eio.sockets[connection].__class__ = Socket
        return await library(connection, environ)

    server.eio.on("connect", connect)
    server.eio._async = server.eio._async | {"websocket": Websocket}


def works() -> bool:
    """Whether the installed libraries still are what this file takes them for, by a connection in memory."""
    failures: list[BaseException] = []

    def rehearse() -> None:
        try:
            asyncio.run(_rehearse())
        except BaseException as error:
            failures.append(error)

    # The caller may be inside of an event loop.
    thread = threading.Thread(target=rehearse)
    thread.start()
    thread.join()
    for error in failures:
        logger.warning("socketio_fastpath_unavailable", error=repr(error))
    return not failures


async def _rehearse() -> None:
    """Events, some of them behind a packet of the library's, must arrive in their order."""
    heard: asyncio.Queue[str] = asyncio.Queue()

    def straight(framed: bytes) -> bool:
        heard.put_nowait(wire.text(framed))
        return True

    await _converse(heard, {})
    await _converse(heard, {wire.STRAIGHT: straight})


async def _converse(outgoing: asyncio.Queue[str], extensions: dict[str, Any]) -> None:
    server = socketio.AsyncServer(async_mode="asgi")
    server.on("connect", lambda *_: None)
    install(server)
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: dict[str, Any]) -> None:
        outgoing.put_nowait(message.get("text", ""))

    scope = {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"connection", b"upgrade"), (b"upgrade", b"websocket")],
        "extensions": extensions,
    }
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": "40"})
    connection = asyncio.ensure_future(server.handle_request(scope, incoming.get, send))
    try:
        async with asyncio.timeout(PATIENCE):
            while not (await outgoing.get()).startswith("40"):
                pass
            await _deliver_some(server, outgoing)
            incoming.put_nowait({"type": "websocket.disconnect"})
            await connection
            await server.shutdown()
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


async def _deliver_some(server: socketio.AsyncServer, outgoing: asyncio.Queue[str]) -> None:
    [socket] = server.eio.sockets.values()
    said = [f'42["rehearsal",{number}]' for number in range(4)]
    await _deliver(socket, said[0])
    heard = [outgoing.get_nowait()]
    await socket.send(Packet(MESSAGE, said[1][1:]))
    await _deliver(socket, said[2])
    heard += [await outgoing.get(), await outgoing.get()]
    await _deliver(socket, said[3])
    heard.append(outgoing.get_nowait())
    if heard != said:
        raise RuntimeError(f"events arrived in another order: {heard}")


async def _deliver(socket: Socket, text: str) -> None:
    framed = wire.frame(text)
    sending = None if socket.straight(framed) else socket.deliver(framed)
    if sending is not None:
        await sending
