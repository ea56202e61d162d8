"""Limits that several doors share, counted by django-ratelimit in the cache.

A limit that cannot be counted (Redis is gone) lets people through: locking everybody out would be worse.
"""

from __future__ import annotations

import redis
import structlog
from django_ratelimit import ALL
from django_ratelimit.core import get_usage

from hazesite.breaker import Breaker
from hazesite.errors import TooMany

logger = structlog.get_logger(__name__)
_breaker = Breaker()


def spend(group: str, who: object, rate: str) -> None:
    """Count one use of `rate` (such as `30/m`) and refuse with `TooMany` beyond it."""
    _look(group, who, rate, increment=True)


def check(group: str, who: object, rate: str) -> None:
    """Refuse with `TooMany` when the rate is used up; counts nothing."""
    _look(group, who, rate, increment=False)


def _look(group: str, who: object, rate: str, *, increment: bool) -> None:
    if _breaker.is_open:
        return
    try:
        usage = get_usage(
            None, group=group, key=lambda *_: str(who), rate=rate, method=ALL, increment=increment
        )
    except redis.RedisError as error:
        _breaker.trip()
        logger.warning("rate_limit_not_counted", group=group, error=repr(error))
        return
    if usage and (usage["should_limit"] or (not increment and usage["count"] >= usage["limit"])):
        raise TooMany(usage["time_left"])
