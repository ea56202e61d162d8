"""The whole configuration, kept in the cache: reading all of it again asks no database.

What this process changes it sees at once; with Redis that holds for all processes. Without, what another
process changed (the bot, a command) is seen when the copy ends.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from hazesite.breaker import Breaker

logger = structlog.get_logger(__name__)
MARK, COPY = "botconfig:mark", "botconfig:copy"
MARK_SECONDS = 3600
Rows = dict[str, tuple[Any, int]]
"""What is stored, and the version, by section."""
breaker = Breaker()


def rows(read: Callable[[], Rows]) -> Rows:
    """From the cache, or as `read` gives them. A cache that does not answer is done without."""
    if not settings.CONFIG_WARM_SECONDS or breaker.is_open:
        return read()
    try:
        found = cache.get_many([MARK, COPY])
        mark = found.get(MARK) or cache.get_or_set(MARK, secrets.token_hex(8), MARK_SECONDS)
        copy = found.get(COPY)
        if copy is not None and copy["mark"] == mark:
            kept: Rows = copy["rows"]
            return kept
        # The mark is older than the rows: one that changes while they are read makes them worthless.
        fresh = read()
        cache.set(COPY, {"mark": mark, "rows": fresh}, settings.CONFIG_WARM_SECONDS)
    except (redis.RedisError, OSError) as error:
        _without(error)
        return read()
    return fresh


def forget() -> None:
    """Inside of the transaction of a change: no copy from before its commit counts after it."""
    _renew()
    transaction.on_commit(_renew, robust=True)


def _renew() -> None:
    if not settings.CONFIG_WARM_SECONDS:
        return
    try:
        cache.set(MARK, secrets.token_hex(8), MARK_SECONDS)
    except (redis.RedisError, OSError) as error:
        _without(error)


def _without(error: Exception) -> None:
    breaker.trip()
    logger.warning("configuration_not_cached", error=repr(error))
