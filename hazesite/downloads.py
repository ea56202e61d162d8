"""Files sent to people who may see them: ranges, revalidation, and no thread held by a slow reader.

A view checks who asks and answers with headers alone; the bytes are handed to the outermost layer, which
brings them to the client piece by piece from the event loop. Where that layer is not (the test client),
the view's answer streams them itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _

from hazesite.envelope import plain_error

PIECE = 64 * 1024
SECONDS_A_PIECE = 60
HANDOVER = "hazesite.handover"
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass
class Handover:
    """In the scope of every request: what a view leaves here, the outermost layer sends as the body."""

    file: IO[bytes] | None = None
    left: int = 0

    async def send_all(self, send: Callable[[Any], Awaitable[None]]) -> None:
        """A reader who does not take a piece in a minute is given up."""
        while self.file and self.left and (piece := await asyncio.to_thread(self._next)):
            async with asyncio.timeout(SECONDS_A_PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _next(self) -> bytes:
        assert self.file is not None
        piece = self.file.read(min(PIECE, self.left))
        self.left -= len(piece)
        return piece

    def pieces(self) -> Iterator[bytes]:
        while self.left and (piece := self._next()):
            yield piece

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


@dataclass(frozen=True)
class Sent:
    """A file as it is sent: `digest` names its bytes, `inline` says that a browser may show it."""

    open: Callable[[], IO[bytes]]
    size: int
    digest: str
    content_type: str
    name: str
    inline: bool

    @property
    def etag(self) -> str:
        return f'"{self.digest}"'


def answer(request: HttpRequest, file: Sent) -> HttpResponseBase:
    """200, 206, 304 or 416, for GET and HEAD. Several ranges at once get the whole."""
    if _known(request, file):
        return _dressed(HttpResponse(status=304), file)
    start, end = 0, file.size - 1
    if wanted := _range(request, file):
        start, end = wanted
        if start > end:
            refusal = plain_error(416, "range_not_satisfiable", _("The file has no such part."))
            refusal["Content-Range"] = f"bytes */{file.size}"
            return refusal
    response = _with_body(request, file.open, start, end - start + 1)
    if wanted:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end}/{file.size}"
    response["Content-Length"] = str(end - start + 1)
    response["Accept-Ranges"] = "bytes"
    response["Content-Type"] = file.content_type
    response["Content-Disposition"] = disposition(file.name, inline=file.inline)
    return _dressed(response, file)


def made(request: HttpRequest, file: IO[bytes], size: int, content_type: str, name: str) -> HttpResponseBase:
    """A document made for this request: sent whole, to be saved, kept by no cache. Closes the file."""
    response = _with_body(request, lambda: file, 0, size)
    response["Content-Length"] = str(size)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = disposition(name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    return response


def disposition(name: str, *, inline: bool = False) -> str:
    """The name twice: for old clients in ASCII, and whole (RFC 5987)."""
    plain = re.sub(r'[^ !#-\[\]-~]|[%"\\]', "_", name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _dressed(response: HttpResponseBase, file: Sent) -> HttpResponseBase:
    response["ETag"] = file.etag
    response["Cache-Control"] = "private, max-age=3600, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    # Two people at one browser: what one of them could see is not for the other.
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response


def _known(request: HttpRequest, file: Sent) -> bool:
    tags = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    return file.etag in tags or "*" in tags


def _range(request: HttpRequest, file: Sent) -> tuple[int, int] | None:
    """First and last place; the first is behind the last where there is no such part."""
    found = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if found is None or request.headers.get("If-Range", file.etag) != file.etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:  # so many at the end
        return (max(0, file.size - int(last)), file.size - 1) if int(last) else (file.size, 0)
    if last and int(last) < int(first):
        return None
    end = min(int(last), file.size - 1) if last else file.size - 1
    return int(first), end


def _with_body(
    request: HttpRequest, opened: Callable[[], IO[bytes]], start: int, length: int
) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    scope = request.META.get("asgi.scope") or getattr(request, "scope", {})
    handover = scope.get(HANDOVER) or Handover()
    handover.file, handover.left = opened(), length
    handover.file.seek(start)
    if HANDOVER in scope:
        return HttpResponse()
    response = StreamingHttpResponse(handover.pieces())
    response._resource_closers.append(handover.close)  # type: ignore[attr-defined]
    return response
