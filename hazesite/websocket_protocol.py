"""uvicorn's WebSocket protocol, with a short way for messages that many clients get."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from hazesite import security_headers
from hazesite.realtime.wire import STRAIGHT


class SharedFrames(WebSocketsSansIOProtocol):
    """An application may hand over a frame as it goes on the wire (`hazesite.realtime.wire`).

    Framing it anew for each client, and a coroutine for each, cost more than everything else about a fan-out.
    """

    full = False
    """What was written waits for the client to read."""

    @property
    def default_headers(self) -> security_headers.Headers:
        """Of the handshake. By the time it is sent, a trusted proxy has said what the client speaks."""
        return security_headers.completed([], self.scope["scheme"])

    @default_headers.setter
    def default_headers(self, _uvicorns: security_headers.Headers) -> None:
        pass

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]  # ASGI allows more
        if not self.conn.extensions:  # they change frames
            extensions[STRAIGHT] = self.write_straight
        await super().run_asgi()

    def write_straight(self, framed: bytes) -> bool:
        """False, and nothing written, where it would have to wait or the connection is not simply open.

        A message to `send` then waits, or fails.
        """
        if self.full or self.close_sent or not self.handshake_complete or self.transport.is_closing():
            return False
        self.transport.write(framed)
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        self.full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.full = False

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.full:
            # What was not read so long never will be, and a transport that closes waits until it was.
            self.transport.abort()
