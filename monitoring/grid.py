"""The fixed grid: each monitor has its own place within its interval, for ever.

So checks neither bunch nor drift, the first round is spread over one interval, and a restart keeps the slots.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

# A multiplicative hash: neighbouring keys lie far apart in the interval.
SPREAD = 0.6180339887498949


def offset(monitor_id: int, interval: float) -> float:
    """Seconds from the beginning of each interval."""
    return (monitor_id * SPREAD % 1.0) * interval


def slot_at_or_after(monitor_id: int, interval: float, moment: datetime) -> datetime:
    """The first slot that is not before this moment."""
    start = offset(monitor_id, interval)
    number = math.ceil((moment.timestamp() - start) / interval - 1e-9)
    return datetime.fromtimestamp(start + number * interval, UTC)


def slot_after(monitor_id: int, interval: float, moment: datetime) -> datetime:
    """The next slot strictly after this moment."""
    start = offset(monitor_id, interval)
    number = math.floor((moment.timestamp() - start) / interval + 1e-6) + 1
    return datetime.fromtimestamp(start + number * interval, UTC)
