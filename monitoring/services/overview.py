"""How everything stands, in one answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Q

from accounts.models import User
from hazesite.errors import NotAllowed
from monitoring.models import Incident, MonitorState, Severity, Status
from monitoring.services.windows import may_read


def overview(actor: User, now: datetime) -> dict[str, Any]:
    """`status`: `operational`, `degraded` (something is down), `outage` (something critical is)."""
    if not may_read(actor):
        raise NotAllowed
    states = MonitorState.objects.order_by().aggregate(
        total=Count("pk"),
        critical=Count("pk", filter=Q(status=Status.DOWN, monitor__severity=Severity.CRITICAL)),
        slow=Count("pk", filter=~Q(slowness="")),
        average=Avg("response_ms", filter=Q(status=Status.UP)),
        last=Max("checked_at"),
        **{status: Count("pk", filter=Q(status=status)) for status in Status.values},
    )
    day = now - timedelta(days=1)
    incidents = (
        Incident.objects.filter(Q(resolved_at=None) | Q(started_at__gt=day))
        .order_by()
        .aggregate(
            open=Count("pk", filter=Q(resolved_at=None)),
            unacknowledged=Count("pk", filter=Q(resolved_at=None, acknowledged_at=None)),
            last_24h=Count("pk", filter=Q(started_at__gt=day)),
        )
    )
    average = states["average"]
    return {
        "status": _word(states),
        "monitors": {"total": states["total"], **{status: states[status] for status in Status.values}},
        "slow": states["slow"],
        "incidents": incidents,
        "average_response_time_ms": None if average is None else round(average, 1),
        "last_check_at": states["last"],
    }


def _word(states: dict[str, Any]) -> str:
    if states["critical"]:
        return "outage"
    return "degraded" if states[Status.DOWN] else "operational"
