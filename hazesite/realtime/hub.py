"""One hub per process: rooms, their sockets, and how far each stream was shown to them.

Everything here runs on the event loop's thread; other threads reach it through `bus.send`.

A step that is already known is dropped, the next one is shown, a later one means that something was
lost on the way: the hub then reads what is missing from the database, once per room and not per
socket. Every few seconds it also compares all its places with the database in one query, so a lost
publication is found even when nothing follows it.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from hazesite.errors import Refused
from hazesite.realtime import bus
from hazesite.realtime.attendance import Attendance
from hazesite.realtime.database import db_call, unforeseen
from hazesite.realtime.doorkeeper import doorkeeper
from hazesite.realtime.publication import Publication
from hazesite.realtime.sinks import Sink, Subscription
from hazesite.realtime.streams import streams

logger = structlog.get_logger(__name__)
MAX_ROOMS, MAX_SOCKETS_PER_USER, MAX_HEADS = 500, 100, 20_000
ANNOUNCE_SECONDS, DOOR_SECONDS = 25.0, 3.0
OVERLAP = timedelta(seconds=10)
"""Clocks of hosts may differ by this much before an inbox notices a lost publication late."""


class TooManySockets(Refused):
    status = 429
    code = "too_many_sockets"
    message = _("You have too many connections open.")


class TooManyRooms(Refused):
    status = 429
    code = "too_many_rooms"
    message = _("You have joined too many tickets on this connection. Leave some first.")


class Hub:
    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._clear()

    def _clear(self) -> None:
        self.rooms: dict[str, dict[Sink, Subscription]] = {}
        self.sinks: set[Sink] = set()
        self._arrived: deque[Publication] = deque()
        self._is_woken = False
        self.heads: dict[str, int] = {}
        self._users: Counter[int] = Counter()
        self._watchers: Counter[str] = Counter()  # per stream; "" counts the inboxes
        self._wanted: dict[str, int] = {}
        self._repairs: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._attendance = Attendance(self._present, self._deliver)
        self._inboxes_since = self._looked_at = datetime.now(UTC)
        self._announced_at = self._checked_doors_at = time.monotonic()

    async def ensure_started(self) -> None:
        """Called by each door at each connection: daphne tells nobody when it starts."""
        loop = asyncio.get_running_loop()
        if self.loop is loop:
            return
        self._clear()
        self.loop = loop
        bus.connect(self._receive_from_thread)
        self._tasks.append(loop.create_task(self._watch()))
        if settings.REDIS_URL:
            ready = asyncio.Event()
            self._tasks.append(loop.create_task(bus.listen(self.receive, ready.set)))
            try:
                await asyncio.wait_for(ready.wait(), 2)
            except TimeoutError:
                logger.warning("bus_not_connected_yet")

    def _receive_from_thread(self, publication: Publication) -> None:
        """Waking the loop costs more than what is told: once for all that comes until it is awake."""
        if self.loop is None or self.loop.is_closed():
            return
        self._arrived.append(publication)
        if not self._is_woken:
            self._is_woken = True
            self.loop.call_soon_threadsafe(self._receive_arrived)

    def _receive_arrived(self) -> None:
        self._is_woken = False  # before looking: whoever comes from now on wakes the loop again
        while self._arrived:
            try:
                self.receive(self._arrived.popleft())
            except Exception as error:  # the others are shown all the same
                logger.exception("publication_not_shown", error=repr(error))

    async def stop(self) -> None:
        bus.connect(None)
        self.loop = None
        self._attendance.stop()
        tasks = [*self._tasks, *self._repairs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- who is where --------------------------------------------------------
    def add(self, sink: Sink) -> None:
        """Raises `TooManySockets`."""
        if settings.RATELIMIT_ENABLE and self._users[sink.identity.user_id] >= MAX_SOCKETS_PER_USER:
            raise TooManySockets
        self._users[sink.identity.user_id] += 1
        self.sinks.add(sink)
        self.subscribe(sink, f"user:{sink.identity.user_id}").open(0)
        self.subscribe(sink, f"session:{sink.identity.session}").open(0)

    def remove(self, sink: Sink) -> None:
        sink.closing = True
        if sink in self.sinks:
            self.sinks.discard(sink)
            self._users[sink.identity.user_id] -= 1
            for room in tuple(sink.subscriptions):
                self.unsubscribe(sink, room)

    def subscribe(self, sink: Sink, room: str, stream: str | None = None) -> Subscription:
        """Enter a room, held until `open`. `stream`: the one it shows, "" for all (an inbox),
        None for a room without steps. Raises `TooManyRooms`.
        """
        self.unsubscribe(sink, room)
        if len(sink.subscriptions) >= MAX_ROOMS:
            raise TooManyRooms
        subscription = Subscription(sink, room, stream or "", stream is not None, stream in self.heads)
        if stream is not None:
            if stream == "" and not self._watchers[""]:
                self._inboxes_since = self._looked_at = datetime.now(UTC)
            self._watchers[stream] += 1
        sink.subscriptions[room] = subscription
        self.rooms.setdefault(room, {})[sink] = subscription
        return subscription

    def unsubscribe(self, sink: Sink, room: str) -> None:
        subscription = sink.subscriptions.pop(room, None)
        if subscription is None:
            return
        inside = self.rooms.get(room, {})
        inside.pop(sink, None)
        if not inside:
            self.rooms.pop(room, None)
        if subscription.watches:
            self._unwatch(subscription.stream)
        if subscription.stream and subscription.held is None and self.loop is not None:
            self._attendance.changed()

    def announce_presence(self, stream: str) -> None:
        """Somebody came: tell those who look at it who is there."""
        if self.loop is not None:
            self._attendance.came(stream)

    def _present(self) -> dict[str, set[int]]:
        """Who has which stream open here. Whoever is still on the threshold may yet be turned away."""
        there: dict[str, set[int]] = {}
        for sink in self.sinks:
            for subscription in sink.subscriptions.values():
                if subscription.stream and subscription.held is None:
                    there.setdefault(subscription.stream, set()).add(sink.identity.user_id)
        return there

    def _unwatch(self, stream: str) -> None:
        self._watchers[stream] -= 1
        if not self._watchers[stream]:
            del self._watchers[stream]
            if stream:
                self._forget(stream)
            else:
                for known in tuple(self.heads):
                    self._forget(known)

    def _forget(self, stream: str) -> None:
        if not self._watches(stream):
            self.heads.pop(stream, None)
            self._wanted.pop(stream, None)

    def _watches(self, stream: str) -> bool:
        return bool(self._watchers.get(stream) or self._watchers.get(""))

    def caught_up(self, subscription: Subscription, seq: int) -> bool:
        """What was read of its stream goes up to `seq`: whoever watches that from now on starts there.

        False: read on. Somebody who read further was first to say where the stream is, and what lies between
        was never shown to this one.
        """
        stream = subscription.stream
        head = self.heads.setdefault(stream, seq)
        if head > seq and not subscription.hears_all:
            subscription.hears_all = True
            return False
        if self._wanted.get(stream, 0) > head:
            self._repair_soon(stream, self._wanted[stream])
        return True

    # --- what comes in -------------------------------------------------------
    def receive(self, publication: Publication) -> None:
        stream, seq = publication.stream, publication.seq
        if not stream:
            self._deliver(publication)
        elif not self._watches(stream) or seq <= (head := self.heads.get(stream, 0 if seq <= 1 else -1)):
            return
        elif seq == head + 1 and stream not in self._repairs:
            self.heads[stream] = seq
            self._deliver(publication)
        else:
            self._repair_soon(stream, seq)

    def _deliver(self, publication: Publication) -> None:
        skip, closes = publication.skip, publication.closes
        for rooms, frames in publication.parts:
            for subscription in self._audience(rooms):
                if skip and subscription.sink.identity.user_id == skip:
                    continue
                for frame in frames:
                    subscription.deliver(frame)
                if closes:
                    subscription.sink.close(closes)

    def _audience(self, rooms: tuple[str, ...]) -> tuple[Subscription, ...]:
        """A socket that is in several of the rooms hears it once. A copy: whoever hears may also leave."""
        everybody: dict[Sink, Subscription] = {}
        for room in rooms:
            if inside := self.rooms.get(room):
                everybody = everybody | inside if everybody else inside
        return tuple(everybody.values())

    # --- what was lost -------------------------------------------------------
    def _repair_soon(self, stream: str, seq: int) -> None:
        self._wanted[stream] = max(seq, self._wanted.get(stream, 0))
        if stream not in self._repairs and self.loop is not None:
            self._repairs[stream] = self.loop.create_task(self._repair(stream))

    async def _repair(self, stream: str) -> None:
        try:
            await self._place(stream)
            while self.heads.get(stream, self._wanted.get(stream, 0)) < self._wanted.get(stream, 0):
                steps = await db_call(streams().replay, stream, self.heads[stream])
                if not steps:
                    break
                for step in steps:
                    if self._watches(stream) and step.seq > self.heads.get(stream, step.seq):
                        self.heads[stream] = step.seq
                        self._deliver(step)
            for head in (await db_call(streams().heads, [stream])).values():
                self._deliver(head.announcement)
        except Exception as error:
            logger.warning("repair_failed", stream=stream, error=repr(error), exc_info=unforeseen(error))
        finally:
            self._repairs.pop(stream, None)

    async def _place(self, stream: str) -> None:
        """A stream only an inbox watches is met for the first time: start at what is new since we look."""
        if stream in self.heads or not self._watchers.get("") or self._watchers.get(stream):
            return
        heard = self._wanted[stream]
        moved = await db_call(streams().moved_since, self._since())
        self.heads.setdefault(stream, min(moved.get(stream, (heard, heard))[0], heard) - 1)

    def _since(self) -> datetime:
        """From when on an inbox may have missed something; never from before there was one."""
        return max(self._looked_at - OVERLAP, self._inboxes_since)

    # --- the regular look ----------------------------------------------------
    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(settings.HUB_INTERVAL)
            try:
                await self._look()
            except Exception as error:
                logger.warning("hub_look_failed", error=repr(error), exc_info=unforeseen(error))

    async def _look(self) -> None:
        if not self.sinks:
            return
        await self._check_doors()
        await self._compare_heads()
        await self._attendance.refresh()
        if self._watchers.get(""):
            await self._compare_inbox()

    async def _compare_heads(self) -> None:
        watched = [stream for stream in self._watchers if stream]
        if not watched:
            return
        announce = time.monotonic() - self._announced_at >= ANNOUNCE_SECONDS
        if announce:
            self._announced_at = time.monotonic()
        for stream, head in (await db_call(streams().heads, watched)).items():
            if head.seq > self.heads.get(stream, head.seq):
                self._repair_soon(stream, head.seq)
            elif announce:
                self._deliver(head.announcement)

    async def _compare_inbox(self) -> None:
        looked_at = datetime.now(UTC)
        moved = await db_call(streams().moved_since, self._since())
        self._looked_at = looked_at
        for stream, (first, last) in moved.items():
            if not self._watchers.get(stream):
                self.heads.setdefault(stream, first - 1)
            if last > self.heads.get(stream, last):
                self._repair_soon(stream, last)
        for stream in list(self.heads)[: max(0, len(self.heads) - MAX_HEADS)]:
            if not self._watchers.get(stream) and stream not in moved:
                del self.heads[stream]

    async def _check_doors(self) -> None:
        """Sockets of ended sign-ins, blocked people and changed roles are closed, whatever got lost."""
        if time.monotonic() - self._checked_doors_at < DOOR_SECONDS:
            return
        self._checked_doors_at = time.monotonic()
        gone = await db_call(doorkeeper().gone, {sink.identity for sink in self.sinks})
        for sink in tuple(self.sinks):
            if sink.identity in gone:
                sink.close("unauthorized")


hub = Hub()
