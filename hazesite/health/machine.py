"""The machine's memory, processors and disk. Nothing here sleeps: processors are looked at by the pulse."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import psutil
from django.conf import settings

from hazesite.pulse import SECONDS, on_beat

WINDOW_SECONDS = 60.0
GIB = 2**30


@dataclass(frozen=True)
class Reading:
    """Seconds of all processors together since the machine started."""

    at: float
    busy: float
    total: float

    @classmethod
    def now(cls) -> Reading:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        total = sum(times[:8])  # what follows (guests) is counted in the first two already
        return cls(time.monotonic(), total - idle, total)


class Processors:
    """How busy they were in the last minute."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque([Reading.now()], maxlen=int(WINDOW_SECONDS / SECONDS) + 1)

    def look(self) -> None:
        self._readings.append(Reading.now())

    @property
    def is_known(self) -> bool:
        """Whether a whole minute was seen: a start keeps everybody busy, and says nothing."""
        return Reading.now().at - self._readings[0].at >= WINDOW_SECONDS - SECONDS

    def percent(self) -> float:
        """Mean of the last minute, or since the start."""
        first, now = self._readings[0], Reading.now()
        total = now.total - first.total
        return min(100.0, max(0.0, 100 * (now.busy - first.busy) / total)) if total > 0 else 0.0


processors = Processors()


@on_beat
def look_at_processors() -> None:
    processors.look()


def memory() -> tuple[float, float]:
    """Percent used, and GiB available."""
    found = psutil.virtual_memory()
    return float(found.percent), round(found.available / GIB, 1)


def disk() -> tuple[float, float]:
    """Percent used, and GiB free, where the data are."""
    found = psutil.disk_usage(str(settings.DATA_DIR))
    return float(found.percent), round(found.free / GIB, 1)


def figures() -> dict[str, Any]:
    return {
        "cpu_percent": round(processors.percent(), 1),
        "memory_percent": memory()[0],
        "disk_percent": disk()[0],
    }
