"""Whether checks are made at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, Min
from django.utils import timezone

from monitoring.models import MonitorState


@dataclass(frozen=True)
class Condition:
    by_status: Mapping[tuple[str], int]
    oldest_due_seconds: float

    @property
    def watched(self) -> int:
        return sum(count for (status,), count in self.by_status.items() if status != "paused")


def condition() -> Condition:
    """Two queries, which read the states alone."""
    now = timezone.now()
    counted = MonitorState.objects.order_by().values_list("status").annotate(count=Count("pk"))
    due = MonitorState.objects.filter(next_check_at__lte=now).aggregate(oldest=Min("next_check_at"))["oldest"]
    return Condition(
        {(status,): count for status, count in counted},
        (now - due).total_seconds() if due is not None else 0.0,
    )
