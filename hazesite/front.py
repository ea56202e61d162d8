"""The outermost ASGI layer: health and metrics off the request pool, whole request bodies, nothing oversized.

A body is read here, by the event loop, before a thread of the pool is taken: a client that sends a
byte a second occupies no thread, and one that sends too much is answered before it is stored. Files
go out from here too, piece by piece, for readers as slow as they like.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import orjson
from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from django.conf import settings
from django.utils.translation import gettext as _

from hazesite import pulse, security_headers
from hazesite.downloads import HANDOVER, Handover
from hazesite.envelope import JSON, accepted_id
from hazesite.errors import Refused
from hazesite.health import answers as health
from hazesite.later import LATER, Later
from hazesite.metrics import page as metrics
from hazesite.metrics import requests
from hazesite.metrics.requests import SEEN, Seen
from hazesite.outflow import Outflow
from hazesite.uploads import Body, ClientGone, Uploads

going_down = asyncio.Event()
"""Set when the server stops: who waits for news is let go, so that the stop need not wait for them."""


METRICS = "/metrics"
BESIDE = {*health.PATHS, METRICS}
"""Answered beside the pool, for everybody; calls of the API to them that do not read are the pages'."""
READING = ("GET", "HEAD")


class Told:
    """`send`, and the status that went through it. No answer at all: the client was gone.

    Whoever made an answer, here it gets the headers that all have.
    """

    def __init__(self, send: ASGISendCallable, scheme: str) -> None:
        self._send, self._scheme, self.status = send, scheme, requests.CLIENT_GONE

    def __call__(self, message: Any) -> Any:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = security_headers.completed(message.get("headers", ()), self._scheme)
            message = {**message, "headers": headers}
        return self._send(message)


class Front:
    """`pages` gets ordinary HTTP; `sockets` gets Socket.IO, WebSockets and the lifespan."""

    def __init__(self, pages: ASGI3Application, sockets: ASGI3Application) -> None:
        self.pages, self.sockets = pages, sockets
        self._uploads = Uploads()
        pulse.start()

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":
            await self.sockets(scope, receive, send)
            return
        started, told, seen = time.perf_counter(), Told(send, scope.get("scheme", "http")), Seen()
        try:
            await self._http(scope, receive, told, seen)
        except Exception:
            told.status = told.status if told.status != requests.CLIENT_GONE else 500
            raise
        finally:
            requests.note(scope["method"], seen.route, told.status, time.perf_counter() - started)

    async def _http(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: Any, seen: Seen) -> None:
        path = scope["path"]
        if path.startswith("/socket.io"):
            seen.route = "socket.io/"
            await self._poll(scope, receive, send)
        elif path in BESIDE and (scope["method"] in READING or not path.startswith("/api/")):
            seen.route = path[1:]
            await self._beside(scope, send)
        else:
            await self._page(scope, receive, send, seen)

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

    async def _beside(self, scope: HTTPScope, send: ASGISendCallable) -> None:
        if scope["method"] not in READING:
            body = {"error": _("Only GET is possible here."), "code": "method_not_allowed"}
            await _send(scope, send, 405, body, [(b"allow", b"GET, HEAD")])
        elif scope["path"] == METRICS:
            await _send_metrics(scope, send)
        else:
            try:
                await _send(scope, send, *await health.respond(scope["path"], scope["query_string"]))
            except Refused as refused:
                said = {"error": str(refused), "code": refused.code, **refused.details}
                await _send(scope, send, refused.status, said)

    async def _page(
        self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable, seen: Seen
    ) -> None:
        try:
            body = await self._uploads.read(scope, receive)
        except ClientGone:
            return
        except Refused as refused:
            await _refuse(scope, send, refused)
            return
        file, later = Handover(), Later()
        headers = _headers_with(scope["headers"], body.size)
        known: Any = {**scope, "headers": headers, HANDOVER: file, LATER: later, SEEN: seen}
        try:
            await self._answer(known, receive, send, body)
            if later.look is not None:
                await _send(scope, send, *await later.answer(), later.headers)
        finally:
            file.close()
            body.close()

    async def _answer(
        self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable, body: Body
    ) -> None:
        file, later, replay = scope[HANDOVER], scope[LATER], body.messages()

        async def receive_whole() -> Any:
            return await anext(replay, None) or await receive()

        async def send_unless_replaced(message: Any) -> None:
            if not _is_replaced(message, file, later):
                await send(message)

        outflow = Outflow(send_unless_replaced)
        try:
            await self.pages(scope, receive_whole, outflow)
            await outflow.finish()
            if file.file is not None:
                await file.send_all(send)
        finally:
            outflow.drop()


def _headers_with(headers: Iterable[tuple[bytes, bytes]], size: int) -> list[tuple[bytes, bytes]]:
    """Those of a request whose body was read whole: so many bytes."""
    kept = [one for one in headers if one[0] not in (b"content-length", b"transfer-encoding")]
    return [*kept, (b"content-length", str(size).encode())] if size else kept


def _is_replaced(message: Any, file: Handover, later: Later) -> bool:
    """Whether what a page said makes room for a file's bytes, or for an answer that is still to come."""
    if later.look is not None:
        return True
    return file.file is not None and message["type"] == "http.response.body"


async def _refuse(scope: HTTPScope, send: ASGISendCallable, refused: Refused) -> None:
    headers = [(b"connection", b"close")]
    if refused.retry_after:
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    if refused.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await _send(scope, send, refused.status, {"error": str(refused), "code": refused.code}, headers)


async def _send_metrics(scope: HTTPScope, send: ASGISendCallable) -> None:
    text = await metrics.text()
    if text is None:
        body = {"error": _("The figures could not be put together in time."), "code": "unavailable"}
        await _send(scope, send, 503, body)
    else:
        await _send_bytes(scope, send, 200, text, metrics.CONTENT_TYPE, _name(scope))


async def _send(
    scope: HTTPScope,
    send: ASGISendCallable,
    status: int,
    body: dict[str, Any],
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    name = _name(scope)
    if "error" in body:
        body = {**body, "request_id": name}
    await _send_bytes(scope, send, status, orjson.dumps(body), JSON, name, headers)


def _name(scope: HTTPScope) -> str:
    return accepted_id(dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1"))


async def _send_bytes(
    scope: HTTPScope,
    send: ASGISendCallable,
    status: int,
    content: bytes,
    content_type: str,
    name: str,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> None:
    start = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", name.encode()),
        *(headers or []),
    ]
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin-1")
    if origin in settings.CORS_ALLOWED_ORIGINS:
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
