"""Shares of time, from spells: what is unknown, paused or under maintenance counts for nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from monitoring.models import Spell, Status

Span = tuple[str, datetime, datetime]
COUNTED = (Status.UP, Status.DOWN)
"""The rest is no time of which anybody could say that it was up or down."""


def spans_since(monitor_ids: Collection[int], start: datetime, now: datetime) -> dict[int, list[Span]]:
    """The spells of these monitors that reach into the time since `start`, cut to it. One query."""
    rows = Spell.objects.filter(Q(ended_at=None) | Q(ended_at__gt=start), monitor_id__in=monitor_ids)
    found: dict[int, list[Span]] = {}
    for key, status, began, ended in rows.values_list("monitor_id", "status", "started_at", "ended_at"):
        span = (status, max(began, start), ended or now)
        found.setdefault(key, []).append(span)
    return found


def seconds(spans: Iterable[Span], start: datetime, end: datetime) -> dict[str, float]:
    """How long it was up, and how long down, within these bounds."""
    found = {str(status): 0.0 for status in COUNTED}
    for status, began, ended in spans:
        if status in found:
            found[status] += max(0.0, (min(ended, end) - max(began, start)).total_seconds())
    return found


def percent(spans: Iterable[Span], start: datetime, end: datetime) -> float | None:
    """None: there is no time of which it is known."""
    found = seconds(spans, start, end)
    known = sum(found.values())
    # The share first: 100 * x / x may be more than 100.
    return 100 * (found[Status.UP] / known) if known else None
