"""A socket as the hub sees it: something that takes frames in order and may be too slow."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field

import structlog
from django.conf import settings

from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.publication import Frame

logger = structlog.get_logger(__name__)
MAX_OUTBOX, MAX_OUTBOX_CHARACTERS = 500, 2_000_000
SHUT_SECONDS = 5
EVENTS_PER_SECOND, EVENT_BURST = 20.0, 60.0
_numbers = itertools.count(1)


class Sink(ABC):
    """Frames go through an outbox and a task of its own, so a stalled client delays nobody."""

    source = "app"
    """Where messages from here are said to come from."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.id = f"{time.time_ns():x}-{next(_numbers)}"
        self.subscriptions: dict[str, Subscription] = {}
        self.closing = False
        self._outbox: deque[Frame] = deque()
        self._waiting = 0
        self._flusher: asyncio.Task[None] | None = None
        self._allowance, self._counted_at = EVENT_BURST, time.monotonic()

    @abstractmethod
    async def write(self, frame: Frame) -> None:
        """Send one frame; may wait for the network."""

    @abstractmethod
    async def shut(self, code: str) -> None:
        """End the connection and say why: `token_expired`, `unauthorized`, `too_slow`, ..."""

    def backlog(self) -> int:
        """Frames accepted by the library below and not on the wire yet."""
        return 0

    def push(self, frame: Frame) -> None:
        if self.closing:
            return
        if len(self._outbox) + self.backlog() >= MAX_OUTBOX or self._waiting > MAX_OUTBOX_CHARACTERS:
            self.close("too_slow")
            return
        self._outbox.append(frame)
        self._waiting += len(frame.text)
        if self._flusher is None:
            self._flusher = asyncio.ensure_future(self._flush())

    async def _flush(self) -> None:
        try:
            while self._outbox and not self.closing:
                frame = self._outbox.popleft()
                await self.write(frame)
                self._waiting -= len(frame.text)
        except Exception as error:
            # The other side is gone; its disconnect handler clears up.
            logger.debug("socket_write_failed", error=repr(error))
            self.closing = True
        finally:
            self._flusher = None

    def close(self, code: str) -> None:
        """End the connection soon. What was not written stays unwritten: the client catches up later."""
        if not self.closing:
            self.closing = True
            self._outbox.clear()
            asyncio.ensure_future(self._shut(code))  # noqa: RUF006 - the loop holds it until it ends

    async def _shut(self, code: str) -> None:
        try:
            await asyncio.wait_for(self.shut(code), SHUT_SECONDS)
        except Exception as error:  # whoever reads nothing does not read this either
            logger.debug("socket_shut_failed", error=repr(error))

    def may_act(self) -> bool:
        """Whether one more event from this client is within its rate."""
        if not settings.RATELIMIT_ENABLE:
            return True
        now = time.monotonic()
        earned = (now - self._counted_at) * EVENTS_PER_SECOND
        self._allowance = min(EVENT_BURST, self._allowance + earned)
        self._counted_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


@dataclass(eq=False)
class Subscription:
    """One sink in one room. It is held from the subscription until the history was sent:

    subscribe, read, send what was read, then let through what came meanwhile and was not in it.
    """

    sink: Sink
    room: str
    stream: str = ""
    watches: bool = True
    """Whether it needs every step of its stream (all streams, where that is "")."""
    floor: int = 0
    held: list[Frame] | None = field(default_factory=list)

    def deliver(self, frame: Frame) -> None:
        if self.held is not None:
            self.held.append(frame)
        elif not frame.seq or frame.seq > self.floor:
            self.sink.push(frame)

    def open(self, floor: int) -> None:
        """`floor`: the client has everything up to here."""
        held, self.held = self.held or [], None
        self.floor = max(self.floor, floor)
        for frame in held:
            self.deliver(frame)
