"""What travels from whoever wrote a row to every process with somebody looking at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.utils.functional import cached_property  # functools' takes a lock until Python 3.12

from hazesite.realtime import wire


@dataclass
class Frame:
    """One event for a client. `text` is its JSON object, encoded once, by the publisher.

    What each kind of socket gets is made of it once for all its sockets. Names of events are ours and
    need no escaping.
    """

    event: str
    text: str
    seq: int = 0
    """Its place in its stream; 0 for what is in none."""

    @classmethod
    def of(cls, event: str, data: dict[str, Any], seq: int = 0) -> Frame:
        return cls(event, orjson.dumps(data, option=orjson.OPT_UTC_Z).decode(), seq)

    @cached_property
    def data(self) -> Any:
        return orjson.loads(self.text)

    @cached_property
    def for_websockets(self) -> bytes:
        """`{"type": event, ...}`, as native WebSockets get it, framed (`wire`)."""
        rest = self.text[1:] if self.text == "{}" else f",{self.text[1:]}"
        return wire.frame(f'{{"type":"{self.event}"{rest}')

    @cached_property
    def for_socketio(self) -> bytes:
        """`42["event",{...}]`: an Engine.IO message (4) with a Socket.IO event (2), framed."""
        return wire.frame(f'42["{self.event}",{self.text}]')


class Part(NamedTuple):
    """The same frames for all of these rooms: one audience."""

    rooms: tuple[str, ...]
    frames: tuple[Frame, ...]


class Publication(NamedTuple):
    """One step of a stream (`stream`, `seq`), or something outside of any stream (`seq` 0)."""

    parts: tuple[Part, ...] = ()
    stream: str = ""
    seq: int = 0
    closes: str = ""
    """A code: the sockets in the rooms of `parts` are closed with it."""
    skip: int = 0
    """The key of a person whose sockets are left out: whoever typed it."""

    def encode(self, origin: str) -> bytes:
        parts = [
            (part.rooms, [(frame.event, frame.text, frame.seq) for frame in part.frames])
            for part in self.parts
        ]
        return orjson.dumps([origin, self.stream, self.seq, self.closes, self.skip, parts])

    @classmethod
    def decode(cls, body: bytes) -> tuple[str, Publication]:
        """The process it comes from, and the publication."""
        origin, stream, seq, closes, skip, parts = orjson.loads(body)
        return origin, cls(_parts(parts), stream, seq, closes, skip)


def _parts(raw: Iterable[Any]) -> tuple[Part, ...]:
    return tuple(
        Part(tuple(rooms), tuple(Frame(event, text, seq) for event, text, seq in frames))
        for rooms, frames in raw
    )
