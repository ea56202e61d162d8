"""The outermost ASGI layer: health off the request pool, whole request bodies, nothing oversized.

A body is read here, by the event loop, before a thread of the pool is taken: a client that sends a
byte a second occupies no thread, and one that sends too much is answered before it is stored. Files
go out from here too, piece by piece, for readers as slow as they like.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from django.conf import settings
from django.utils.translation import gettext as _

from hazesite import health
from hazesite.downloads import HANDOVER, Handover
from hazesite.envelope import JSON, accepted_id
from hazesite.errors import Refused
from hazesite.uploads import Body, ClientGone, Uploads

going_down = asyncio.Event()
"""Set when the server stops: who waits for news is let go, so that the stop need not wait for them."""


MAX_HELD_BYTES = 64 * 1024 * 1024
"""What all slow readers together may keep waiting here; beyond it their threads wait with them."""


class Front:
    """`pages` gets ordinary HTTP; `sockets` gets Socket.IO, WebSockets and the lifespan."""

    def __init__(self, pages: ASGI3Application, sockets: ASGI3Application) -> None:
        self.pages, self.sockets = pages, sockets
        self._held = 0
        self._uploads = Uploads()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/socket.io"):
            await self._poll(scope, receive, send)
        elif scope["type"] != "http":
            await self.sockets(scope, receive, send)
        elif scope["path"].startswith("/health/") and (answer := await health.respond(scope["path"])):
            await self._health(scope, send, *answer)
        else:
            await self._page(scope, receive, send)

    async def _poll(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        answer = asyncio.ensure_future(self.sockets(scope, receive, send))
        end = asyncio.ensure_future(going_down.wait())
        await asyncio.wait((answer, end), return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        if not answer.done():
            answer.cancel()
            sentence = _("The server is restarting.")
            await _send(scope, send, 503, {"error": sentence, "code": "restarting"})
        else:
            answer.result()

    async def _health(self, scope: HTTPScope, send: ASGISendCallable, status: int, body: Any) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            sentence = _("Only GET is possible here.")
            status, body = 405, {"error": sentence, "code": "method_not_allowed"}
        await _send(scope, send, status, body, [(b"allow", b"GET, HEAD")] if status == 405 else [])

    async def _page(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        try:
            body = await self._uploads.read(scope, receive)
        except ClientGone:
            return
        except Refused as refused:
            await _refuse(scope, send, refused)
            return
        file = Handover()
        try:
            await self._answer(scope, receive, send, body, file)
        finally:
            file.close()
            body.close()

    async def _answer(
        self,
        scope: HTTPScope,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
        body: Body,
        file: Handover,
    ) -> None:
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name not in (b"content-length", b"transfer-encoding")
        ]
        if body.size:
            headers.append((b"content-length", str(body.size).encode()))
        replay = body.messages()

        async def receive_whole() -> Any:
            return await anext(replay, None) or await receive()

        # What a page says waits here for a slow reader, and not in a thread of the pool.
        outgoing: asyncio.Queue[Any] = asyncio.Queue()

        async def send_soon(message: Any) -> None:
            while self._held > MAX_HELD_BYTES:  # noqa: ASYNC110 - rare, and nobody's hot path
                await asyncio.sleep(0.1)
            self._held += len(message.get("body", b""))
            outgoing.put_nowait(message)

        inner: Any = {**scope, "headers": headers, HANDOVER: file}
        page = asyncio.ensure_future(self.pages(inner, receive_whole, send_soon))
        page.add_done_callback(lambda _: outgoing.put_nowait(None))
        try:
            while (message := await outgoing.get()) is not None:
                try:
                    if file.file is None or message["type"] != "http.response.body":
                        await send(message)
                finally:
                    self._held -= len(message.get("body", b""))
            await page
            if file.file is not None:
                await file.send_all(send)
        finally:  # where sending failed, what was never sent must not count for ever
            page.cancel()
            while not outgoing.empty():
                self._held -= len((outgoing.get_nowait() or {}).get("body", b""))


async def _refuse(scope: HTTPScope, send: ASGISendCallable, refused: Refused) -> None:
    headers = [(b"connection", b"close")]
    if refused.retry_after:
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await _send(scope, send, refused.status, {"error": str(refused), "code": refused.code}, headers)


async def _send(
    scope: HTTPScope,
    send: ASGISendCallable,
    status: int,
    body: dict[str, Any],
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    headers_in = dict(scope["headers"])
    name = accepted_id(headers_in.get(b"x-request-id", b"").decode("latin-1"))
    if "error" in body:
        body = {**body, "request_id": name}
    content = orjson.dumps(body)
    start = [
        (b"content-type", JSON.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", name.encode()),
        *(headers or []),
    ]
    if (origin := headers_in.get(b"origin", b"").decode("latin-1")) in settings.CORS_ALLOWED_ORIGINS:
        start += [
            (b"access-control-allow-origin", origin.encode()),
            (b"access-control-expose-headers", ", ".join(settings.CORS_EXPOSE_HEADERS).encode()),
            (b"vary", b"origin"),
        ]
    await send({"type": "http.response.start", "status": status, "headers": start, "trailers": False})
    await send(
        {
            "type": "http.response.body",
            "body": b"" if scope["method"] == "HEAD" else content,
            "more_body": False,
        }
    )
