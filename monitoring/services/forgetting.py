from __future__ import annotations

from monitoring.models import Check, Monitor

AT_ONCE = 5000


def forget_checks(monitor_id: int) -> int:
    """All single checks of a monitor that was deleted, some at a time. How many there were."""
    if Monitor.objects.filter(pk=monitor_id).exists():
        return 0
    gone = 0
    while count := _some(monitor_id):
        gone += count
    return gone


def _some(monitor_id: int) -> int:
    rows = Check.objects.filter(monitor_id=monitor_id)
    times = list(rows.order_by("at").values_list("at", flat=True)[:AT_ONCE])
    return rows.filter(at__lte=times[-1]).order_by().delete()[0] if times else 0
