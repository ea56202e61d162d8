from __future__ import annotations

from datetime import timedelta

UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def spoken(duration: timedelta) -> str:
    """Its two largest units that follow each other: 2h 30m, 45s, 3d."""
    seconds = max(0, int(duration.total_seconds()))
    for place, (letter, size) in enumerate(UNITS):
        if seconds >= size:
            count, rest = divmod(seconds, size)
            following = UNITS[place + 1 : place + 2]
            smaller = [f"{rest // less}{short}" for short, less in following if rest >= less]
            return " ".join([f"{count}{letter}", *smaller])
    return "0s"
