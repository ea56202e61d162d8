"""Totals that reached their bound are not counted again at once.

To find a thousand of what two filters leave over takes longer than the page they belong to, and each page of
a list says its total. What had a thousand a moment ago has about as many now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from hazesite.api import MAX_TOTAL

KEEP_SECONDS = 30.0
KEPT = 1000
reached: dict[Hashable, float] = {}
"""Of this process: what had so many, and until when that is believed."""


def counted(asked: Hashable, count: Callable[[], int]) -> int:
    """What `count` says, to 1000 and no further, of all that is `asked` alike. Less is counted each time."""
    now = time.monotonic()
    if reached.get(asked, 0.0) > now:
        return MAX_TOTAL
    total = count()
    if total == MAX_TOTAL:
        if len(reached) >= KEPT:
            reached.clear()
        reached[asked] = now + KEEP_SECONDS
    return total
