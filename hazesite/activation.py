"""What systemd listens at for us: it outlives the process, so while one restarts nobody is refused.

Looked at before anything else is imported: Twisted, which Daphne brings, takes the variables away.
"""

from __future__ import annotations

import os
import socket

FIRST = 3
"""Where systemd puts it: sd_listen_fds(3)."""
HANDED_OVER = os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1"


def listener() -> socket.socket | None:
    return socket.socket(fileno=FIRST) if HANDED_OVER else None
