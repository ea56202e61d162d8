"""From the logs to the database, without making anybody wait."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.db import connections

from hazesite.error_reports.sightings import Sighting, fingerprint_of, sighting_of

logger = structlog.get_logger(__name__)
MAX_PENDING = 100
GATHER_SECONDS, PAUSE_SECONDS = 1.0, 10.0


class Recorder:
    """Counts errors in memory and has a thread write them down, each bug once a second at most.

    What cannot be written (the database may be what is down) or would be the hundred-and-first bug of one
    second is dropped; the logs have it.
    """

    def __init__(self, store: Callable[[Collection[Sighting]], None]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._pending: dict[str, Sighting] = {}
        self._dropped = 0
        self._deaf_until = 0.0
        self._something = threading.Event()
        self._thread: threading.Thread | None = None

    def notice(self, error: BaseException, line: Mapping[str, Any]) -> None:
        """Heard from the logs. Raises nothing: what is going wrong already must not go more wrong."""
        if not settings.ERROR_REPORTS or time.monotonic() < self._deaf_until:
            return
        try:
            self._count(error, line)
        except Exception as trouble:
            logger.warning("error_not_reported", error=repr(trouble))

    def _count(self, error: BaseException, line: Mapping[str, Any]) -> None:
        fingerprint = fingerprint_of(error)
        with self._lock:
            known = self._pending.get(fingerprint)
            if known is None and len(self._pending) >= MAX_PENDING:
                self._dropped += 1
                return
            if known is None:
                known = self._pending[fingerprint] = sighting_of(error, fingerprint)
            known.again(line)
            self._ensure_thread()
        self._something.set()

    def _ensure_thread(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            if self._thread is None:
                atexit.register(self._flush)
            self._thread = threading.Thread(target=self._run, daemon=True, name="error reports")
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._something.wait()
            time.sleep(GATHER_SECONDS)
            self._something.clear()
            self._flush()
            connections.close_all()  # this thread's own

    def _flush(self) -> None:
        with self._lock:
            batch, self._pending = self._pending, {}
            dropped, self._dropped = self._dropped, 0
        if dropped:
            logger.warning("error_reports_dropped", count=dropped)
        try:
            if batch:
                self._store(batch.values())
        except Exception as trouble:
            self._deaf_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("error_reports_not_stored", count=len(batch), error=repr(trouble))
