"""What every Channels WebSocket of the site shares: who it is, its limits, how it ends.

No channel layer is used: its group send costs twenty times the hub's fan-out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.translation import gettext as _

from hazesite.errors import Invalid, NotAllowed, Refused
from hazesite.realtime import handlers, origins, wire
from hazesite.realtime.database import db_call
from hazesite.realtime.doorkeeper import Identity, Unauthorized, doorkeeper
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import Sink

CLOSE_CODES = {
    "unauthorized": 4401,
    "token_expired": 4401,
    "not_allowed": 4403,
    "not_found": 4403,
    "too_slow": 4408,
    "too_many_sockets": 4429,
}


class WebSocketSink(Sink):
    kind = "websocket"
    source = "web"

    def __init__(self, identity: Identity, consumer: SocketConsumer) -> None:
        super().__init__(identity)
        self.consumer = consumer
        self._straight = wire.straight(consumer.scope)

    def write(self, frame: Frame) -> Awaitable[None] | None:
        framed = frame.for_websockets
        if self._straight(framed):
            return None
        # What Channels does around it costs as much as the server's own send.
        return self.consumer.base_send(wire.message(framed))  # type: ignore[arg-type]

    async def shut(self, code: str) -> None:
        await self.consumer.end(code)


class SocketConsumer(AsyncWebsocketConsumer):
    """Subclasses say in `enter` what is shown, and in `details` what each event is about."""

    channel_layer_alias = None  # type: ignore[assignment]  # documented, and typed too narrowly
    sink: WebSocketSink | None = None
    _expiry: asyncio.TimerHandle | None = None

    async def enter(self, sink: Sink) -> None:
        """Subscribe. A `Refused` closes the socket with its code."""
        raise NotImplementedError

    def details(self) -> dict[str, Any]:
        """What is added to every event the client sends."""
        return {}

    async def connect(self) -> None:
        await hub.ensure_started()
        # Accept first: a browser learns the reason of a refusal only from a close code.
        await self.accept("bearer" if "bearer" in self.scope.get("subprotocols", []) else None)
        try:
            identity = await self._identify()
            sink = WebSocketSink(identity, self)
            headers = dict(self.scope["headers"])
            sink.untracked = origins.declines_tracking(headers.get(b"dnt"), headers.get(b"sec-gpc"))
            hub.add(sink)
            self.sink = sink
            await self.enter(sink)
        except Refused as refused:
            await self.end(refused.code)
            return
        delay = max(0.0, identity.expires_at - time.time())
        self._expiry = asyncio.get_running_loop().call_later(
            min(delay, 30 * 86400), sink.close, "token_expired"
        )

    async def _identify(self) -> Identity:
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        origin = headers.get(b"origin", "")
        if origin and not origins.is_allowed(origin, headers.get(b"host", "")):
            raise NotAllowed
        if token := self._token():
            return await db_call(doorkeeper().by_token, token)
        if not origin:  # a cookie counts only where a browser vouches for the page that uses it
            raise Unauthorized
        return await db_call(doorkeeper().by_cookie, _cookies(headers.get(b"cookie", "")))

    def _token(self) -> str:
        offered = list(self.scope.get("subprotocols", []))
        if len(offered) >= 2 and offered[0] == "bearer":
            return offered[1]
        return self.query("token")

    def query(self, name: str) -> str:
        values = parse_qs(self.scope["query_string"].decode("latin-1"))
        return values.get(name, [""])[0]

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.sink is None or self.sink.closing:
            return
        try:
            content = orjson.loads(text_data or "")
            event = content.pop("type")
        except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
            handlers.refuse(self.sink, Invalid(_('Send a JSON object with a "type".')))
            return
        answer = await handlers.answer(self.sink, str(event), content | self.details())
        if answer["ok"] and len(answer) > 1:
            nonce = {"client_nonce": content["client_nonce"]} if "client_nonce" in content else {}
            self.sink.push(Frame.of(str(event), answer | nonce | self.details()))

    async def end(self, code: str) -> None:
        await self.close(code=CLOSE_CODES.get(code, 4400))

    async def disconnect(self, code: int) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self.sink is not None:
            hub.remove(self.sink)


class NoSuchSocket(AsyncWebsocketConsumer):
    """An address without anything behind it."""

    channel_layer_alias = None  # type: ignore[assignment]  # documented, and typed too narrowly

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=4404)


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
