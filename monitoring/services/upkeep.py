"""What keeps the history in order: partitions ahead, sums checked against the checks, old rows forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from hazesite import partitions
from hazesite.housekeeping import chore
from monitoring.engine import rollups
from monitoring.models import Check, DayStat, HourStat, Monitor, Status
from monitoring.models.history import BOUNDS_MS

HOURS_KEPT = timedelta(days=400)
AT_ONCE, DELETED_AT_ONCE = 200, 50
SETTLED = timedelta(minutes=5)
"""So long after its end an hour is not expected to grow any more."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@chore
def make_partitions_ahead() -> int:
    """Days to come have a place for their checks. How many were made."""
    return partitions.ensure_ahead(Check)


def make_partitions_after_migrating(**_unused: Any) -> None:
    """For `post_migrate`: the first checks must find a place."""
    if Check._meta.db_table in connection.introspection.table_names():
        partitions.ensure_ahead(Check)


# --- sums --------------------------------------------------------------------
def check_sums(now: datetime) -> int:
    """Compute the last closed hour anew from its checks, and its day from its hours. Of how many monitors."""
    hour = rollups.hour_of(now - SETTLED) - HOUR
    keys = list(Monitor.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), AT_ONCE):
        _recompute(keys[start : start + AT_ONCE], hour)
    return len(keys)


@transaction.atomic
def _recompute(keys: Collection[int], hour: datetime) -> None:
    # Engines that add to these rows wait; what they have not committed yet is added afterwards.
    day = rollups.day_of(hour)
    _lock(HourStat, keys, hour)
    _lock(DayStat, keys, day)
    hours = _sums_of_checks(keys, hour)
    rollups.replace(HourStat, hours)
    rollups.replace(DayStat, _sums_of_hours({key for key, _hour in hours}, day))


def _lock(model: type[HourStat | DayStat], keys: Collection[int], start: datetime) -> None:
    rows = model.objects.filter(monitor_id__in=keys, start=start).order_by("monitor_id")
    list(rows.select_for_update().values_list("monitor_id"))


def _sums_of_checks(keys: Collection[int], hour: datetime) -> dict[rollups.Key, rollups.Sums]:
    maintained = Q(status=Status.MAINTENANCE)
    kinds = {
        "up": Q(is_up=True) & ~maintained,
        "down": Q(is_up=False) & ~maintained,
        "unknown": Q(is_up=None) & ~maintained,
        "maintenance": maintained,
    }
    bounds = (None, *BOUNDS_MS, None)
    places = {
        name: _between(bounds[place], bounds[place + 1]) for place, name in enumerate(rollups.HISTOGRAM)
    }
    counts = {name: Count("at", filter=wanted) for name, wanted in (kinds | places).items()}
    rows: Any = (
        Check.objects.filter(monitor_id__in=keys, at__gte=hour, at__lt=hour + HOUR)
        .order_by()
        .values("monitor_id")
        .annotate(
            sum_ms=Sum("response_ms", default=0.0),
            min_ms=Min("response_ms"),
            max_ms=Max("response_ms"),
            **counts,
        )
    )
    return {(row["monitor_id"], hour): {name: row[name] for name in rollups.COLUMNS} for row in rows}


def _between(above: int | None, most: int | None) -> Q:
    found = Q(response_ms__isnull=False)
    if above is not None:
        found &= Q(response_ms__gt=above)
    return found if most is None else found & Q(response_ms__lte=most)


def _sums_of_hours(keys: Collection[int], day: datetime) -> dict[rollups.Key, rollups.Sums]:
    found: dict[rollups.Key, rollups.Sums] = {}
    rows: Any = HourStat.objects.filter(monitor_id__in=keys, start__gte=day, start__lt=day + DAY)
    for row in rows.values("monitor_id", *rollups.COLUMNS):
        rollups.merge(found.setdefault((row["monitor_id"], day), rollups.nothing()), row)
    return found


# --- what is old -------------------------------------------------------------
@chore
def forget_old_checks() -> int:
    """Beyond `KEEP_HISTORY_DAYS`: how many days were dropped, or on SQLite checks deleted."""
    limit = timezone.now() - timedelta(days=settings.KEEP_HISTORY_DAYS)
    if connection.vendor == "postgresql":
        return partitions.drop_before(Check, limit.astimezone(UTC).date())
    keys = list(Monitor.objects.order_by("pk").values_list("pk", flat=True))
    return sum(
        _forget_checks(keys[start : start + DELETED_AT_ONCE], limit)
        for start in range(0, len(keys), DELETED_AT_ONCE)
    )


def _forget_checks(keys: Collection[int], limit: datetime) -> int:
    """By monitor, as the index is ordered, and a few at a time: others write meanwhile."""
    gone = 0
    with transaction.atomic():
        for key in keys:
            gone += Check.objects.filter(monitor_id=key, at__lt=limit).order_by().delete()[0]
    return gone


@chore
def forget_old_hours() -> int:
    """Hours are kept for 400 days, days for ever."""
    old, gone = HourStat.objects.filter(start__lt=timezone.now() - HOURS_KEPT), 0
    while (first := old.order_by("start").values_list("start", flat=True).first()) is not None:
        gone += HourStat.objects.filter(start=first).order_by().delete()[0]
    return gone
