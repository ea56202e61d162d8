"""A socket as the hub sees it: something that takes frames in order and may be too slow."""

from __future__ import annotations

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Generator
from dataclasses import dataclass, field
from functools import partial
from types import CoroutineType
from typing import Any, ClassVar

import structlog
from django.conf import settings

from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.publication import Frame

logger = structlog.get_logger(__name__)
MAX_OUTBOX, MAX_OUTBOX_CHARACTERS = 500, 2_000_000
SHUT_SECONDS = 60
"""Longer than the server waits for a pong: whoever starts to read again is told; who does not is cut off."""
EVENTS_PER_SECOND, EVENT_BURST = 20.0, 60.0
_numbers = itertools.count(1)


def begin(sending: Awaitable[None]) -> Awaitable[None] | None:
    """Run a coroutine up to where it first waits. None: it did not, and is done. Else: what is left.

    Most writes go straight into the kernel's buffer, and a task for each of them costs as much as the
    write. Only a coroutine can be run like this; anything else is given back for a task to await.
    """
    if not isinstance(sending, CoroutineType):
        return sending
    try:
        awaited = sending.send(None)
    except StopIteration:
        return None
    return _Begun(sending, awaited)


class _Begun(Awaitable[None]):
    """The rest of a coroutine that waits for `awaited`."""

    def __init__(self, sending: CoroutineType[Any, Any, None], awaited: Any) -> None:
        self.sending, self.awaited = sending, awaited

    def __await__(self) -> Generator[Any, Any, None]:
        while True:
            try:
                yield self.awaited
            except BaseException as error:  # a cancellation belongs to the coroutine
                go_on = partial(self.sending.throw, error)
            else:
                go_on = partial(self.sending.send, None)
            try:
                self.awaited = go_on()
            except StopIteration:
                return


class Sink(ABC):
    """Frames are written at once; behind a write that has to wait they go through an outbox and a task of
    its own, so a stalled client delays nobody.
    """

    kind: ClassVar[str]
    """By which door it came."""
    source = "app"
    """Where messages from here are said to come from."""
    untracked = False
    """The browser said that its user wants not to be followed."""

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
    def write(self, frame: Frame) -> Awaitable[None] | None:
        """Send one frame. What is returned is awaited before the next one: it may wait for the network."""

    @abstractmethod
    async def shut(self, code: str) -> None:
        """End the connection and say why: `token_expired`, `unauthorized`, `too_slow`, ..."""

    def push(self, frame: Frame) -> None:
        if self.closing:
            return
        if self._flusher is None:
            self._write_now(frame)
        elif len(self._outbox) >= MAX_OUTBOX or self._waiting > MAX_OUTBOX_CHARACTERS:
            self.close("too_slow")
        else:
            self._outbox.append(frame)
            self._waiting += len(frame.text)

    def _write_now(self, frame: Frame) -> None:
        try:
            sending = self.write(frame)
            if sending is None or (rest := begin(sending)) is None:
                return
        except Exception as error:
            self._gone(error)
            return
        self._waiting += len(frame.text)
        self._flusher = asyncio.ensure_future(self._flush(rest, frame))

    async def _flush(self, sending: Awaitable[None] | None, frame: Frame) -> None:
        try:
            while True:
                if sending is not None:
                    await sending
                self._waiting -= len(frame.text)
                if self.closing or not self._outbox:
                    break
                frame = self._outbox.popleft()
                sending = self.write(frame)
        except Exception as error:
            self._gone(error)
        finally:
            self._flusher = None

    def _gone(self, error: Exception) -> None:
        """The other side has left; its disconnect handler clears up."""
        logger.debug("socket_write_failed", error=repr(error))
        self.closing = True

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
    hears_all: bool = False
    """Whether the hub knew where its stream is, and so shows it all that comes."""
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
