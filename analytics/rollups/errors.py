"""The error reports say how often a bug happened in all; here it is written down how often on which day."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Max

from analytics import days
from analytics.models import ErrorDay
from hazesite.error_reports.models import ErrorReport


@transaction.atomic
def add_up() -> int:
    """What was counted since the last time belongs to the day it was last seen. How many bugs moved."""
    moved = 0
    told = dict(ErrorDay.objects.values_list("fingerprint").annotate(Max("total")))
    for report in ErrorReport.objects.order_by("fingerprint").iterator():
        before = told.get(report.fingerprint, 0)
        # One that was forgotten and came back counts from nothing.
        new = report.count - before if report.count >= before else report.count
        if new:
            _add(report, days.day_of(report.last_seen_at), new)
            moved += 1
    return moved


def _add(report: ErrorReport, day: date, new: int) -> None:
    row, _made = ErrorDay.objects.select_for_update().get_or_create(
        fingerprint=report.fingerprint, day=day, defaults={"count": 0, "total": 0}
    )
    row.count += new
    row.total = report.count
    row.save(update_fields=["count", "total"])
