"""The Socket.IO door: the same rooms and handlers as the WebSockets, in Socket.IO's words."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable
from typing import Any

import orjson
import socketio
import structlog
from django.conf import settings
from engineio.payload import Payload
from socketio.exceptions import ConnectionRefusedError as Turned

from hazesite.errors import Refused
from hazesite.realtime import fastpath, handlers, origins
from hazesite.realtime.database import db_call, unforeseen
from hazesite.realtime.doorkeeper import Identity, doorkeeper
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import MAX_OUTBOX, MAX_OUTBOX_CHARACTERS, Sink

logger = structlog.get_logger(__name__)
MAX_FRAME_BYTES = 128 * 1024
SECONDS_TO_COME_IN = 20.0
"""For whoever opened a connection to say who they are."""


class _Json:
    """What python-socketio asks of a JSON module, by orjson."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            # It lets lone surrogates through, so that the field they stand in can say what is wrong.
            return json.loads(text)


class _Server(socketio.AsyncServer):  # type: ignore[misc]
    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        """The library keeps a connection of nobody for ever, as long as it answers pings."""
        await super()._handle_eio_connect(eio_sid, environ)
        look_again(eio_sid)

    async def _handle_event(self, eio_sid: str, namespace: str, id: Any, data: Any) -> None:  # noqa: A002
        """The library looks its handlers up by the client's word, `connect` and `disconnect` too.

        Here that word is data like the rest.
        """
        said = data if isinstance(data, list) and data else [""]
        await super()._handle_event(eio_sid, namespace, id, ["client_event", *said])


def look_again(connection: str) -> None:
    """In a while, whether somebody is at a connection; if not, it ends."""
    asyncio.get_running_loop().call_later(SECONDS_TO_COME_IN, _end_if_nobodys, connection)


def _end_if_nobodys(connection: str) -> None:
    if connection in server.environ and server.manager.sid_from_eio_sid(connection, "/") is None:
        ending = asyncio.ensure_future(server.eio.disconnect(connection))
        _endings.add(ending)
        ending.add_done_callback(_endings.discard)


_endings: set[asyncio.Future[None]] = set()


def _is_allowed(origin: str | None, environ: dict[str, Any]) -> bool:
    return not origin or origins.is_allowed(origin, environ.get("HTTP_HOST", ""))


# Beyond this number of packets the library drops a polling client's whole request and answers 200;
# the size in bytes is bounded below, the rate by each sink.
Payload.max_decode_packets = MAX_FRAME_BYTES
server = _Server(
    async_mode="asgi",
    # Its Redis manager loses events silently; the hub has a bus of its own.
    client_manager=socketio.AsyncManager(),
    # A client's events are handled one after the other, in the order they were sent.
    async_handlers=False,
    json=_Json,
    cors_allowed_origins=_is_allowed,
    cors_credentials=False,  # tokens are said, cookies count for nothing here
    max_http_buffer_size=MAX_FRAME_BYTES,
    logger=logging.getLogger("socketio"),
    engineio_logger=logging.getLogger("engineio"),
    ping_interval=25,
    ping_timeout=20,
)
# Without it every frame is given to `server.emit`, which costs several times as much.
fast = settings.SOCKET_FASTPATH and fastpath.works()
if fast:
    fastpath.install(server)


class SocketIOSink(Sink):
    kind = "socketio"

    def __init__(self, identity: Identity, sid: str) -> None:
        super().__init__(identity)
        self.sid, self._queued = sid, 0
        self._connection = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
        delay = min(max(0.0, identity.expires_at - time.time()), 30 * 86400)
        self.expiry = asyncio.get_running_loop().call_later(delay, self.close, "token_expired")

    def write(self, frame: Frame) -> Awaitable[None] | None:
        sending: Awaitable[None] | None
        if fast:
            framed = frame.for_socketio
            if self._connection.straight(framed):
                return None
            sending = self._connection.deliver(framed)
            if sending is not None:
                return sending
        else:
            sending = asyncio.ensure_future(server.emit(frame.event, frame.data, to=self.sid))
        self._count(frame)
        return sending

    def _count(self, frame: Frame) -> None:
        """The library's queue has no bound; it gets that of the outbox. Each poll empties it."""
        waiting = self._connection.queue.qsize()
        if waiting <= 1:
            self._queued = 0
        if waiting > MAX_OUTBOX or self._queued > MAX_OUTBOX_CHARACTERS:
            self.close("too_slow")
        self._queued += len(frame.text)

    async def shut(self, code: str) -> None:
        # The client does not reconnect by itself after this, so it is told why first.
        await server.emit("error", {"error": code.replace("_", " "), "code": code}, to=self.sid)
        await server.disconnect(self.sid)


_sinks: dict[str, SocketIOSink] = {}


@server.event
async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
    connection = server.manager.eio_sid_from_sid(sid, "/")
    await hub.ensure_started()
    token = auth.get("token") if isinstance(auth, dict) else None
    try:
        identity = await db_call(doorkeeper().by_token, token if isinstance(token, str) else "")
        if connection not in server.environ:
            raise Turned("gone")  # they left meanwhile, and nobody will say so again
        sink = SocketIOSink(identity, sid)
        sink.untracked = origins.declines_tracking(environ.get("HTTP_DNT"), environ.get("HTTP_SEC_GPC"))
        hub.add(sink)
    except Refused as refused:
        raise Turned(refused.code) from refused
    except Turned:
        raise
    except Exception as error:
        # No verdict on the person: the connection is dropped, and the client comes back by itself.
        logger.warning("socket_connect_failed", error=repr(error), exc_info=unforeseen(error))
        await server.eio.disconnect(connection)
        return
    _sinks[sid] = sink
    # The library's own word that they are in comes first, and after this handler.
    welcome = Frame.of("connected", {"user_name": identity.name, "role": identity.role})
    asyncio.get_running_loop().call_soon(sink.push, welcome)


@server.event
async def disconnect(sid: str, _reason: str) -> None:
    sink = _sinks.pop(sid, None)
    if sink is not None:
        sink.expiry.cancel()
        hub.remove(sink)
    if connection := server.manager.eio_sid_from_sid(sid, "/"):
        look_again(connection)


@server.event
async def client_event(sid: str, event: Any, *arguments: Any) -> dict[str, Any]:
    sink = _sinks.get(sid)
    if sink is None or sink.closing:
        return {"ok": False, "error": "unauthorized", "code": "unauthorized"}
    known = event if isinstance(event, str) else ""
    return await handlers.answer(sink, known, arguments[0] if arguments else {})
