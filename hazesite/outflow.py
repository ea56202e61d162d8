"""What a page says, on its way to whoever reads it.

A whole answer goes straight on: its thread is back in the pool already. What comes piece by piece waits here
for a slow reader, and not in a thread of the pool.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from asgiref.typing import ASGISendCallable

MAX_HELD_BYTES = 64 * 1024 * 1024
"""What all slow readers together may keep waiting here; beyond it their threads wait with them."""


class Outflow:
    """`send` for one answer. Whoever calls it awaits `finish` when all was said, and `drop` in any case."""

    held: ClassVar[int] = 0
    """Bytes that wait, of all answers."""

    def __init__(self, send: ASGISendCallable) -> None:
        self._send = send
        self._start: Any = None
        self._sender: asyncio.Task[None] | None = None
        self._waiting: asyncio.Queue[Any]

    async def __call__(self, message: Any) -> None:
        if self._sender is not None:
            await self._put(self._sender, message)
        elif message["type"] == "http.response.start":
            self._start = message
        elif message.get("more_body"):
            self._waiting = asyncio.Queue()
            self._sender = asyncio.ensure_future(self._send_waiting())
            await self._put(self._sender, self._start)
            await self._put(self._sender, message)
        else:
            await self._send(self._start)
            await self._send(message)

    async def finish(self) -> None:
        """Raises what sending raised."""
        if self._sender is not None:
            self._waiting.put_nowait(None)
            await self._sender

    def drop(self) -> None:
        """What was never sent does not count for ever."""
        if self._sender is None:
            return
        self._sender.cancel()
        while not self._waiting.empty():
            Outflow.held -= _size(self._waiting.get_nowait())

    async def _put(self, sender: asyncio.Task[None], message: Any) -> None:
        while Outflow.held > MAX_HELD_BYTES and not sender.done():  # noqa: ASYNC110 - rare, and no hot path
            await asyncio.sleep(0.1)
        if sender.done():
            await sender
        Outflow.held += _size(message)
        self._waiting.put_nowait(message)

    async def _send_waiting(self) -> None:
        while (message := await self._waiting.get()) is not None:
            try:
                await self._send(message)
            finally:
                Outflow.held -= _size(message)


def _size(message: Any) -> int:
    return len(message.get("body", b"")) if message else 0
