"""uvicorn's HTTP protocol with a limit for what comes before the body: httptools itself has none.

And with patience at the end: a connection on which nothing is asked is not closed at once when the server
stops, for the question may be on its way.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from hazesite.front import going_down

LINGER_SECONDS = 1.0
MAX_HEAD_BYTES = 64 * 1024
REFUSAL = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHead(HttpToolsProtocol):
    _head, _in_head, _got_on = 0, True, False
    _leaving = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if going_down.is_set():  # it was accepted in the last moment
            self.shutdown()

    def shutdown(self) -> None:
        self._leaving = True
        if self._is_idle():
            self.loop.call_later(LINGER_SECONDS, self._leave)
        else:
            super().shutdown()

    def _leave(self) -> None:
        if self._is_idle():
            self.transport.close()

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def on_message_begin(self) -> None:
        self._head, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._got_on = False, True
        super().on_headers_complete()
        if self._leaving and not self._is_idle():
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._head, self._in_head, self._got_on = 0, True, True
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._got_on = False
        super().data_received(data)
        # A piece in which a head or a body came to its end is no part of an endless head.
        if self._in_head and not self._got_on and not self.transport.is_closing():
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self.transport.write(REFUSAL)
                self.transport.close()
