"""The points of a monitor's chart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from monitoring.models import Check, HourStat, Monitor, Status

RANGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
POINTS = 360
"""So many at most where single checks are shown; several within one place become their mean."""


def series(monitor: Monitor, name: str) -> dict[str, Any]:
    """Columns: `t` (seconds since the epoch), `mean` and `most` (ms, null where nothing answered), `down`."""
    end = timezone.now()
    start = end - RANGES[name]
    columns = _by_hour(monitor, start) if name == "7d" else _of_checks(monitor, start, RANGES[name] / POINTS)
    return columns | {"from": start.timestamp(), "to": end.timestamp()}


def _by_hour(monitor: Monitor, start: datetime) -> dict[str, list[Any]]:
    rows = HourStat.objects.filter(monitor=monitor, start__gte=start - timedelta(hours=1)).order_by("start")
    found = list(rows.values_list("start", "up", "down", "sum_ms", "max_ms"))
    return {
        "t": [at.timestamp() for at, *_rest in found],
        "mean": [sum_ms / up if up else None for _at, up, _down, sum_ms, _most in found],
        "most": [most for *_rest, most in found],
        "down": [down > 0 for _at, _up, down, *_rest in found],
    }


def _of_checks(monitor: Monitor, start: datetime, width: timedelta) -> dict[str, list[Any]]:
    rows = Check.objects.filter(monitor_id=monitor.pk, at__gte=start).order_by("at")
    places: dict[int, list[tuple[datetime, str, float | None]]] = {}
    for at, status, response_ms in rows.values_list("at", "status", "response_ms"):
        places.setdefault((at - start) // width, []).append((at, status, response_ms))
    columns: dict[str, list[Any]] = {"t": [], "mean": [], "most": [], "down": []}
    for checks in places.values():
        times = [ms for _at, _status, ms in checks if ms is not None]
        columns["t"].append(checks[-1][0].timestamp())
        columns["mean"].append(sum(times) / len(times) if times else None)
        columns["most"].append(max(times, default=None))
        columns["down"].append(any(status == Status.DOWN for _at, status, _ms in checks))
    return columns
