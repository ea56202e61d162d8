"""Waiting for what another site has to say first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from community.waiting import WAIT_SECONDS
from hazesite.errors import Refused
from hazesite.later import LOOK_SECONDS
from hazesite.realtime.database import db_call

T = TypeVar("T")


async def known(look: Callable[[], T | None], too_late: Refused) -> T:
    """What `look` gives as soon as it gives something. Raises what it raises, and `too_late`."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := await db_call(look)) is None:
        if time.monotonic() > deadline:
            raise too_late
        await asyncio.sleep(LOOK_SECONDS)
    return found
