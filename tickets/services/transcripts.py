from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import IO

from django.utils import timezone

from accounts.models import User
from hazesite.uploads import nameless_file
from tickets.transcripts.conversations import Conversation, conversations
from tickets.transcripts.data import data
from tickets.transcripts.page import page
from tickets.transcripts.text import text

Writer = Callable[[list[Conversation]], Iterator[str]]
FORMATS: dict[str, tuple[Writer, str]] = {
    "html": (page, "text/html; charset=utf-8"),
    "json": (data, "application/json; charset=utf-8"),
    "txt": (text, "text/plain; charset=utf-8"),
}


@dataclass(frozen=True)
class Transcript:
    """`file` stands at its beginning and is the caller's to close; it has no name on the disk."""

    file: IO[bytes]
    size: int
    name: str
    content_type: str


def transcript(ticket_id: str, reader: User, format: str = "html") -> Transcript:  # noqa: A002
    """The whole conversation as `reader` may see it: notes for staff alone. Raises `NotFound`.

    A query or two for each 500 steps, in no transaction, and memory for that many: it may be long.
    """
    found = conversations(ticket_id, reader)
    write, content_type = FORMATS[format]
    file = nameless_file()
    try:
        with timezone.override(UTC):
            for piece in write(found):
                file.write(piece.encode("utf-8", "replace"))
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Transcript(file, size, f"ticket-{found[0].ticket.pk}.{format}", content_type)
