"""uvicorn's WebSocket protocol, with a short way for messages that many clients get."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN


class SharedFrames(WebSocketsSansIOProtocol):
    """A message may bring its frame along as `wire` (`hazesite.realtime.wire`); it is written as it is.

    Framing it anew for each client costs more than everything else about a fan-out. Where an extension
    changes frames, or the connection is not simply open, the message goes the ordinary way.
    """

    async def send(self, message: Any) -> None:
        wire = message.get("wire")
        if wire is not None and not self.writable.is_set():
            await self.writable.wait()
        connection = self.conn
        if wire is None or self.disconnected or connection.state is not OPEN or connection.extensions:
            await super().send(message)
        else:
            self.transport.write(wire)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if not self.writable.is_set():
            # What was not read so long never will be, and a transport that closes waits until it was.
            self.transport.abort()
