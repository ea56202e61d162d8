"""How a child notices that its supervisor is gone, even by SIGKILL: the pipe it inherited ends."""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "HAZESITE_LIFELINE"
PATIENCE_SECONDS = 8


def watch() -> None:
    """Start watching when this process was started by the supervisor."""
    if descriptor := os.environ.get(VARIABLE):
        threading.Thread(target=_wait, args=(int(descriptor),), daemon=True, name="lifeline").start()


def _wait(descriptor: int) -> None:
    try:
        os.read(descriptor, 1)
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os._exit(1)
