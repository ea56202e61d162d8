"""One of everything that the API lists."""

from __future__ import annotations

from django.utils import timezone

from monitoring.models import (
    EscalationPolicy,
    EscalationStep,
    MaintenanceWindow,
    NotificationChannel,
    StatusPage,
    StatusPageEntry,
    Tag,
)
from tests.monitoring.stock import make_incident, make_monitor


def furnish(count: int) -> None:
    """So many monitors, each with a channel, a policy, a tag, a window, an incident and a page of its own."""
    start = StatusPage.objects.count()
    for number in range(start, start + count):
        monitor = make_monitor(f"M{number}", status="down", headers={"X": "y"})
        channel = NotificationChannel.objects.create(
            name=f"C{number}", type="webhook", config={"url": f"https://example.org/{number}"}
        )
        policy = EscalationPolicy.objects.create(name=f"P{number}")
        EscalationStep.objects.create(policy=policy, after_minutes=0).channels.add(channel)
        monitor.escalation = policy
        monitor.save()
        monitor.tags.add(Tag.objects.create(name=f"t{number}"))
        monitor.notification_channels.add(channel)
        make_incident(monitor)
        window = MaintenanceWindow.objects.create(
            name=f"W{number}", starts_at=timezone.now(), duration_minutes=60
        )
        window.monitors.add(monitor)
        page = StatusPage.objects.create(slug=f"p{number}", title=f"P{number}")
        StatusPageEntry.objects.create(page=page, monitor=monitor)
