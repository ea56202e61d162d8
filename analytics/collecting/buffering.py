"""Uses on their way to the database: bounded, written in batches by a thread of its own."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connections

from analytics.collecting.seen import Seen
from analytics.collecting.storing import store
from hazesite.metrics.counters import counter, gauge

logger = structlog.get_logger(__name__)
MAX_WAITING, BATCH = 20_000, 2000
GATHER_SECONDS, PAUSE_SECONDS, LATE_SECONDS = 5.0, 5.0, 3600.0
"""The longer it gathers, the more is alike and written as one; a process that is killed loses so much."""
LOOK_SECONDS = 0.5
EVENTS = "hazebot_analytics_events"
_events = counter(EVENTS, "Uses of features, by what became of them.", ("result",))
_depth = gauge("hazebot_analytics_buffer", "Uses of features that wait to be written.")


class Buffer:
    """What finds no room, cannot be written within an hour, or is broken, is dropped and counted.

    A batch is stored in one transaction: after a failure it waits, and is tried again.
    """

    def __init__(self, store: Callable[[list[Seen]], None]) -> None:
        self._store = store
        self._waiting: deque[Seen] = deque()
        self._something = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, seen: Seen) -> None:
        """Takes some two microseconds, and raises nothing."""
        if len(self._waiting) >= MAX_WAITING:
            self._drop(1, "full")
            return
        self._waiting.append(seen)
        if not self._something.is_set():
            self._something.set()
            self._ensure_thread()

    def _drop(self, count: int, reason: str) -> None:
        with self._lock:
            self.dropped += count
        _events.labels(f"dropped_{reason}").inc(count)

    def _ensure_thread(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                if self._thread is None:
                    atexit.register(self.flush)
                self._thread = threading.Thread(target=self._run, daemon=True, name="analytics")
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._something.wait()
            self._gather()
            self._something.clear()
            try:
                done = self.flush()
            finally:
                connections.close_all()  # this thread's own
            if not done:
                time.sleep(PAUSE_SECONDS)
                self._something.set()

    def _gather(self) -> None:
        enough = time.monotonic() + GATHER_SECONDS
        while len(self._waiting) < BATCH and time.monotonic() < enough:
            time.sleep(LOOK_SECONDS)

    def flush(self) -> bool:
        """Write down what waits; False: the database did not take it, and it waits on."""
        while self._waiting:
            batch = self._next()
            try:
                if batch:
                    self._store(batch)
                _events.labels("stored").inc(len(batch))
            except (OperationalError, InterfaceError) as trouble:
                self._put_back(batch)
                logger.warning("uses_not_stored", count=len(batch), error=repr(trouble))
                return False
            except Exception as trouble:  # a second time would change nothing
                self._drop(len(batch), "broken")
                logger.error("uses_dropped", count=len(batch), exc_info=trouble)
        _depth.set(0)
        return True

    def _next(self) -> list[Seen]:
        _depth.set(len(self._waiting))
        taken = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        # What is added up counts on it that nothing comes later than that.
        in_time = [seen for seen in taken if seen.at > time.time() - LATE_SECONDS]
        if len(in_time) < len(taken):
            self._drop(len(taken) - len(in_time), "late")
        return in_time

    def _put_back(self, batch: list[Seen]) -> None:
        room = max(0, MAX_WAITING - len(self._waiting))
        if room < len(batch):
            self._drop(len(batch) - room, "full")
        self._waiting.extendleft(reversed(batch[:room]))
        _depth.set(len(self._waiting))


buffer = Buffer(store)
