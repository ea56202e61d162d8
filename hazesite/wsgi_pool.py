"""Django's WSGI handler in a pool of threads, for the event loop: one hand-over to a thread, one back.

An answer that is whole (all but streamed files are) comes back as one piece. Each time a thread and the loop
wait for each other costs a switch, and under load a wait for the interpreter, so they seldom do it.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import sys
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.core.handlers.wsgi import WSGIHandler

from hazesite import quick

Headers = list[tuple[bytes, bytes]]
LOOK_SECONDS = 1.0
"""How often a thread that waits for the event loop looks whether that still runs."""


class WSGIPool:
    """An ASGI application for `http` scopes. `threads` requests are under way at a time, the others wait."""

    def __init__(self, threads: int) -> None:
        self._handler = WSGIHandler()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        loop = asyncio.get_running_loop()
        first: Any = await receive()
        body = io.BytesIO(first.get("body", b""))
        if first.get("more_body"):
            body = io.BufferedReader(_Rest(loop, receive, first["body"]))  # type: ignore[assignment]
        answer = _Answer(loop, send)
        run = contextvars.copy_context().run
        try:
            whole = await loop.run_in_executor(
                self._threads, run, answer.make, self._handler, environ(scope, body)
            )
        except asyncio.CancelledError:
            answer.unwanted = True
            raise
        if whole is not None:
            await send(answer.start())
            await send({"type": "http.response.body", "body": whole, "more_body": False})


@dataclass
class _Answer:
    """Made in a thread of the pool."""

    loop: asyncio.AbstractEventLoop
    send: ASGISendCallable
    status: int = 500
    headers: Headers = field(default_factory=list)
    unwanted: bool = False
    """Nobody waits for it any more."""

    def make(self, handler: Any, environ: dict[str, Any]) -> bytes | None:
        """The body, or None when it was sent from here, piece by piece."""
        if (quick_answer := quick.answer(environ)) is not None:
            self.status, self.headers = quick_answer.status, quick_answer.headers
            return quick_answer.body
        response = handler(environ, self._begin)
        try:
            if not response.streaming:
                return b"".join(response)
            self._stream(response)
            return None
        finally:
            response.close()

    def _begin(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[..., None]:
        self.status = int(status[:3])
        self.headers = [
            (name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers
        ]
        return self._piece

    def start(self) -> Any:
        return {
            "type": "http.response.start", "status": self.status, "headers": self.headers, "trailers": False,
        }  # fmt: skip

    def _stream(self, pieces: Iterable[bytes]) -> None:
        self._await_send(self.start())
        for piece in pieces:
            if self.unwanted:
                return
            self._piece(piece)
        self._await_send({"type": "http.response.body", "body": b"", "more_body": False})

    def _piece(self, piece: bytes) -> None:
        self._await_send({"type": "http.response.body", "body": piece, "more_body": True})

    def _await_send(self, message: Any) -> None:
        _on(self.loop, _sending(self.send, message))


def _on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> Any:
    """Done by the loop, for a thread. Raises `ConnectionAbortedError` where the loop stopped meanwhile."""
    done = asyncio.run_coroutine_threadsafe(work, loop)
    while not wait((done,), LOOK_SECONDS).done:
        if not loop.is_running():
            done.cancel()
            raise ConnectionAbortedError("the server stopped")
    return done.result()


async def _sending(send: ASGISendCallable, message: Any) -> None:
    await send(message)


class _Rest(io.RawIOBase):
    """A body in pieces, each fetched from the loop when Django gets to it: a large one lies in a file."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: ASGIReceiveCallable, first: bytes) -> None:
        self._loop, self._receive = loop, receive
        self._piece, self._is_last = memoryview(first), False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._piece and not self._is_last:
            message = _on(self._loop, self._next())
            self._piece = memoryview(message.get("body", b""))
            self._is_last = not message.get("more_body", False)
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    async def _next(self) -> Any:
        return await self._receive()


def environ(scope: HTTPScope, body: Any) -> dict[str, Any]:
    """What PEP 3333 says a server tells an application, of what the ASGI server said."""
    host, port = scope.get("server") or ("localhost", 80)
    found: dict[str, Any] = {
        "asgi.scope": scope,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if client := scope.get("client"):
        found["REMOTE_ADDR"], found["REMOTE_PORT"] = client[0], str(client[1])
    for name_bytes, value_bytes in scope["headers"]:
        if b"_" in name_bytes:  # here it would pass for another header, which a proxy may have looked at
            continue
        name = name_bytes.decode("latin-1").upper().replace("-", "_")
        key = name if name in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{name}"
        value = value_bytes.decode("latin-1")
        # A header said twice is one with both values; only cookies are joined in another way.
        joint = "; " if name == "COOKIE" else ","
        found[key] = f"{found[key]}{joint}{value}" if key in found else value
    return found
