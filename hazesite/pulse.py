"""What a long-lived process does every few seconds beside its work, in one thread: it measures itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

logger = structlog.get_logger(__name__)
SECONDS = 5.0
Beat = Callable[[], None]
_beats: list[Beat] = []
_starting = threading.Lock()
_thread: threading.Thread | None = None


def on_beat(beat: Beat) -> Beat:
    """The decorated function is called every five seconds. It asks nobody else and takes no time."""
    _beats.append(beat)
    return beat


def start() -> None:
    """Once for each process, however often it is called."""
    global _thread
    with _starting:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, daemon=True, name="pulse")
            _thread.start()


def beat() -> None:
    for work in _beats:
        try:
            work()
        except Exception as error:
            logger.warning("pulse_failed", work=work.__name__, error=repr(error), exc_info=error)


def _run() -> None:
    while True:
        beat()
        time.sleep(SECONDS)
