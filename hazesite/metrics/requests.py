"""Requests by route, method and status, as their clients met them: waiting for a thread is part of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hazesite.metrics.counters import OTHER, counter, histogram

SEEN = "hazesite.seen"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
CLIENT_GONE = 499
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_requests = counter("hazebot_http_requests", "Requests answered.", ("method", "route", "status"))
_durations = histogram(
    "hazebot_http_request_duration_seconds",
    "From the whole head of a request to the end of its answer.",
    ("method", "route"),
    BUCKETS,
)
_made: dict[tuple[str, str, int], tuple[Any, Any]] = {}
"""The library looks a child up under a lock, by labels it first makes text of."""


@dataclass(slots=True)
class Seen:
    """In the scope of every request: Django says which route it was."""

    route: str = OTHER


def note_route(scope: Any, route: str) -> None:
    seen = scope.get(SEEN)
    if seen is not None:
        seen.route = route


def note(method: str, route: str, status: int, seconds: float) -> None:
    key = (method, route, status)
    made = _made.get(key)
    if made is None:
        named = method if method in METHODS else OTHER
        made = _made[key] = (_requests.labels(named, route, status), _durations.labels(named, route))
    made[0].inc()
    made[1].observe(seconds)
