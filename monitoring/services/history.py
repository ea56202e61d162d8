"""The last checks of many monitors."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from monitoring.models import Check

AT_ONCE = 400
"""So many parts a statement may have on SQLite."""


def recent(monitor_ids: Sequence[int], count: int) -> dict[int, list[Check]]:
    """The newest `count` checks of each, oldest first, without their answers. One query for 400 monitors."""
    found: dict[int, list[Check]] = {}
    for start in range(0, len(monitor_ids), AT_ONCE):
        parts = [_newest(key, count) for key in monitor_ids[start : start + AT_ONCE]]
        for check in parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]:
            found.setdefault(check.monitor_id, []).append(check)
    return {key: sorted(checks, key=lambda one: one.at) for key, checks in found.items()}


def _newest(monitor_id: int, count: int) -> QuerySet[Check]:
    return Check.objects.filter(monitor_id=monitor_id).defer("answer", "error").order_by("-at")[:count]
