"""What time brings: those who are to hear when nobody acknowledges, reminders, and parents that are back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from monitoring.alerts.events import ESCALATION, REMINDER
from monitoring.alerts.queueing import (
    PAUSE,
    SILENT_LOOK,
    active_at,
    begin,
    delivery,
    first_channels,
    next_step,
    steps_of,
)
from monitoring.models import Incident, NotificationChannel, Status
from monitoring.services.windows import in_maintenance

PORTION = 500


def take_steps(now: datetime | None = None) -> int:
    """Do what is due, of many at most `PORTION`; how many incidents that were. Two at once do no harm."""
    now = now or timezone.now()
    due = Incident.objects.filter(next_step_at__lte=now, resolved_at=None)
    # Those that go on being silent need no more than this.
    silent = due.filter(alerted_at=None, silenced_by__state__status=Status.DOWN)
    silent.update(next_step_at=now + SILENT_LOOK)
    found = dict(due.order_by("next_step_at").values_list("pk", "next_step_at")[:PORTION])
    if not found:
        return 0
    monitors = set(Incident.objects.filter(pk__in=found).values_list("monitor", flat=True))
    paused = in_maintenance(monitors, now)
    return sum(_take(key, expected, now, paused) for key, expected in found.items() if expected)


@transaction.atomic
def _take(key: int, expected: datetime, now: datetime, paused: set[int]) -> bool:
    # Whoever moves it from where it was seen does the step; it was neither resolved nor acknowledged then.
    rows = Incident.objects.filter(pk=key, next_step_at=expected, resolved_at=None, acknowledged_at=None)
    if not rows.update(next_step_at=None):
        return False
    related = ("monitor__state", "silenced_by__state")
    incident = Incident.objects.select_related(*related).get(pk=key)
    if incident.monitor_id in paused:
        incident.next_step_at = now + PAUSE
        incident.save(update_fields=["next_step_at"])
    elif incident.alerted_at is None:
        begin(incident, now)
    else:
        _go_on(incident, incident.alerted_at, expected, now)
    return True


def _go_on(incident: Incident, begun: datetime, expected: datetime, now: datetime) -> None:
    steps = steps_of(incident.monitor)
    made: list[Delivery] = []
    while incident.escalated_to < len(steps):
        step = steps[incident.escalated_to]
        if begun + timedelta(minutes=step.after_minutes) > now:
            break
        number = incident.escalated_to
        made += [delivery(incident, channel, ESCALATION, number) for channel in active_at(step)]
        incident.escalated_to += 1
    hearing = _hearing(incident)
    reminders = [
        delivery(incident, channel, REMINDER, number)
        for channel in hearing
        if (number := _reminder(channel, begun, expected, now))
    ]
    queue([*made, *reminders])
    incident.next_step_at = next_step(incident, hearing, now)
    incident.reminders = F("reminders") + (1 if reminders else 0)
    incident.save(update_fields=["next_step_at", "escalated_to", "reminders"])


def _reminder(channel: NotificationChannel, begun: datetime, expected: datetime, now: datetime) -> int:
    """The number of the one that is due; 0: none is."""
    if not channel.remind_minutes:
        return 0
    again = timedelta(minutes=channel.remind_minutes)
    number = (now - begun) // again
    return number if begun + number * again >= expected else 0


def _hearing(incident: Incident) -> list[NotificationChannel]:
    """All who heard of it so far."""
    steps = steps_of(incident.monitor)[: incident.escalated_to]
    if not steps:
        return first_channels(incident.monitor)
    return list({channel.pk: channel for step in steps for channel in active_at(step)}.values())
