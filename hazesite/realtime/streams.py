"""Where the hub compares itself with the database. Apps with streams register theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hazesite.realtime.publication import Publication


@dataclass(frozen=True)
class Head:
    """How far a stream is, and the `head` frames that tell its rooms so."""

    seq: int
    announcement: Publication


class Streams(Protocol):
    """All methods read the database; call them through `db_call`."""

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        """In one query, whatever their number."""

    def moved_since(self, moment: datetime) -> dict[str, tuple[int, int]]:
        """The first and the last step after `moment` of each stream that moved. One query."""

    def replay(self, stream: str, after: int) -> list[Publication]:
        """The steps after `after`, in order, at most some hundred at a time."""

    def present(self, streams: Mapping[str, Collection[int]], announce: Collection[str]) -> list[Publication]:
        """Store who (user keys) has which stream open at this process; what those who look are told of it:

        of each stream where that changed, and of those in `announce`.
        """


_streams: Streams | None = None


def register(streams: Streams) -> None:
    global _streams
    _streams = streams


def streams() -> Streams:
    if _streams is None:
        raise RuntimeError("no app has registered its streams")
    return _streams
