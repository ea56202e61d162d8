"""Limits that several doors share, counted by django-ratelimit in the cache.

A limit that cannot be counted (Redis is gone) lets people through: locking everybody out would be worse.
Whoever counts says so by `note`, and the answer in hand tells how much is left (`headers`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import redis
import structlog
from django.http import HttpRequest
from django_ratelimit import ALL
from django_ratelimit.core import get_usage

from hazesite.breaker import Breaker
from hazesite.errors import TooMany

logger = structlog.get_logger(__name__)
HOUSEHOLD = 64
"""The part of an IPv6 address that one customer is given: whoever has one has 2^64 of them."""
_breaker = Breaker()


@dataclass(frozen=True)
class Figures:
    """`reset`: in so many seconds there is more again."""

    limit: int
    remaining: int
    reset: int


_noted: ContextVar[list[Figures] | None] = ContextVar("limits", default=None)


@contextmanager
def noting() -> Iterator[None]:
    """What is counted in here is for one answer."""
    token = _noted.set([])
    try:
        yield
    finally:
        _noted.reset(token)


def note(limit: int, remaining: int, reset: float) -> None:
    """For limits that are counted elsewhere, such as in rows."""
    if (noted := _noted.get()) is not None:
        noted.append(Figures(limit, max(0, remaining), max(1, int(reset))))


def headers() -> dict[str, str]:
    """`RateLimit-*` of what is nearest to its end among what was counted for this answer, if anything was."""
    noted = _noted.get()
    if not noted:
        return {}
    tightest = min(noted, key=lambda figures: (figures.remaining, -figures.reset))
    return {
        "RateLimit-Limit": str(tightest.limit),
        "RateLimit-Remaining": str(tightest.remaining),
        "RateLimit-Reset": str(tightest.reset),
    }


def spend(group: str, who: object, rate: str) -> None:
    """Count one use of `rate` (such as `30/m`) and refuse with `TooMany` beyond it."""
    _look(group, who, rate, increment=True)


def check(group: str, who: object, rate: str) -> None:
    """Refuse with `TooMany` when the rate is used up; counts nothing."""
    _look(group, who, rate, increment=False)


def household(address: str | None) -> str:
    """Whom an address counts for: itself, and of IPv6 the network it was taken from."""
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, HOUSEHOLD), strict=False).network_address)


def household_of(request: HttpRequest) -> str | None:
    """For django-axes, which stores it as an address."""
    found = household(request.META.get("REMOTE_ADDR"))
    return None if found == "unknown" else found


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
    if not usage:
        return
    note(usage["limit"], usage["limit"] - usage["count"], usage["time_left"])
    if usage["should_limit"] or (not increment and usage["count"] >= usage["limit"]):
        raise TooMany(usage["time_left"])
