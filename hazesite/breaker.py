from __future__ import annotations

import time


class Breaker:
    """Lets nobody wait again and again for a service that just failed: for two seconds it is not asked."""

    SECONDS = 2.0

    def __init__(self) -> None:
        self._silent_until = 0.0

    def trip(self) -> None:
        self._silent_until = time.monotonic() + self.SECONDS

    @property
    def is_open(self) -> bool:
        return time.monotonic() < self._silent_until
