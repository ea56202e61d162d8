"""Request bodies, read whole by the event loop before a thread of the pool is taken.

A small body waits in memory. A few paths may have large ones: those wait in a file without a name, from
people the doorkeeper knows alone, a few at a time, and not for ever.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, Any

from asgiref.typing import ASGIReceiveCallable, HTTPScope
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext_lazy as _

from hazesite.errors import BodyTooLarge, Refused
from hazesite.realtime.database import db_call
from hazesite.realtime.doorkeeper import Unauthorized, doorkeeper

PIECE = 256 * 1024
LARGE_AT_ONCE, LARGE_EACH = 8, 2
SECONDS, SECONDS_OF_SILENCE, SECONDS_TO_HEAR_OUT = 300, 20, 10


class ClientGone(Exception):
    """The connection ended before the request did."""


class TooManyUploads(Refused):
    status = 503
    code = "busy"
    message = _("Too many large uploads are under way. Try again in a moment.")
    retry_after = 5


class TooSlow(Refused):
    status = 408
    code = "too_slow"
    message = _("The upload took too long.")


_large: list[tuple[re.Pattern[str], int]] = []


def allow_large(path: str, limit: int) -> None:
    """Bodies of POST requests to paths that match this expression may have up to `limit` bytes."""
    _large.append((re.compile(path), limit))


def limit_of(scope: HTTPScope) -> int:
    if scope["method"] == "POST":
        for path, limit in _large:
            if path.fullmatch(scope["path"]):
                return limit
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def nameless_file() -> IO[bytes]:
    """On the disk of the uploads, for `/tmp` may be memory; gone with the process, whatever ends it."""
    folder = Path(settings.DATA_DIR) / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


class Body:
    """What was read of a request."""

    def __init__(self) -> None:
        self.size, self.is_whole = 0, False
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._waiting = 0
        self._releases: list[Callable[[], None]] = []

    async def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)
        self._waiting += len(piece)
        if self._waiting > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            await self._put_down()

    async def _put_down(self) -> None:
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        if self._file is None:
            self._file = await asyncio.to_thread(nameless_file)
        await asyncio.to_thread(self._file.writelines, pieces)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """The body once more, as a server would bring it."""
        if self._file is None:
            yield {"type": "http.request", "body": b"".join(self._pieces), "more_body": False}
            return
        await self._put_down()
        self._file.seek(0)
        while piece := await asyncio.to_thread(self._file.read, PIECE):
            yield {"type": "http.request", "body": piece, "more_body": True}
        yield {"type": "http.request", "body": b"", "more_body": False}

    def when_closed(self, release: Callable[[], None]) -> None:
        self._releases.append(release)

    def close(self) -> None:
        self._pieces.clear()
        if self._file is not None:
            self._file.close()
        while self._releases:
            self._releases.pop()()


class Uploads:
    """Reads bodies, and knows whose large ones this process has in hand."""

    def __init__(self) -> None:
        self._in_hand: Counter[int] = Counter()

    async def read(self, scope: HTTPScope, receive: ASGIReceiveCallable) -> Body:
        """The whole body: half of one is never acted on. The caller closes it.

        Raises `ClientGone`, `BodyTooLarge`; for a large one also `Unauthorized`, `TooManyUploads`, `TooSlow`.
        """
        body, small, limit = Body(), int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE), limit_of(scope)
        try:
            if await _more(body, receive, small):
                if limit <= small:
                    raise BodyTooLarge
                await self._read_large(body, scope, receive, limit)
        except BaseException:
            body.close()
            raise
        return body

    async def _read_large(
        self, body: Body, scope: HTTPScope, receive: ASGIReceiveCallable, limit: int
    ) -> None:
        try:
            self._take_place(body, await _person(scope))
        except Refused:
            await _hear_out(body, receive, limit)
            raise
        try:
            async with asyncio.timeout(SECONDS):
                if await _more(body, receive, limit, SECONDS_OF_SILENCE):
                    raise BodyTooLarge
        except TimeoutError as error:
            raise TooSlow from error

    def _take_place(self, body: Body, person: int) -> None:
        if self._in_hand.total() >= LARGE_AT_ONCE or self._in_hand[person] >= LARGE_EACH:
            raise TooManyUploads
        self._in_hand[person] += 1
        body.when_closed(lambda: self._in_hand.subtract([person]))


async def _more(body: Body, receive: ASGIReceiveCallable, limit: int, patience: float | None = None) -> bool:
    """Read until the end (False) or beyond the limit (True)."""
    while not body.is_whole and body.size <= limit:
        async with asyncio.timeout(patience):
            message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        await body.add(message.get("body", b""))
        body.is_whole = not message.get("more_body", False)
    return body.size > limit


async def _person(scope: HTTPScope) -> int:
    """Whose token the request has. Raises `Unauthorized`."""
    for name, value in scope["headers"]:
        kind, _space, token = value.partition(b" ")
        if name == b"authorization" and kind.lower() == b"bearer":
            return (await db_call(doorkeeper().by_token, token.strip().decode("latin-1"))).user_id
    raise Unauthorized


async def _hear_out(body: Body, receive: ASGIReceiveCallable, limit: int) -> None:
    """Whoever is still sending would not hear our answer: let them finish, keeping nothing."""
    heard, more = body.size, not body.is_whole
    try:
        async with asyncio.timeout(SECONDS_TO_HEAR_OUT):
            while more and heard <= limit:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                heard += len(message.get("body", b""))
                more = message.get("more_body", False)
    except TimeoutError:
        pass


class NamelessUploads(FileUploadHandler):
    """Django's handler of multipart files, here into files that leave nothing behind."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = nameless_file()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        self.file.seek(0)
        return UploadedFile(self.file, self.file_name, self.content_type, file_size, self.charset)

    def upload_interrupted(self) -> None:
        self.file.close()
