from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models.monitors import Monitor, Severity


class Incident(models.Model):
    """A time of being down. Opened and resolved by the engine, in the transaction of the result."""

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="incidents", db_index=False)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    started_at = models.DateTimeField(help_text=_("The first failing check."))
    confirmed_at = models.DateTimeField(default=timezone.now, help_text=_("When the retries were used up."))
    resolved_at = models.DateTimeField(null=True)
    cause = models.CharField(max_length=500, blank=True)
    status_code = models.PositiveIntegerField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    alerted_at = models.DateTimeField(
        null=True,
        help_text=_("When people began to be told; escalation counts from here. Empty: nobody was."),
    )
    silenced_by = models.ForeignKey(
        Monitor,
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text=_("The parent that was down then: nobody was alerted."),
    )
    escalated_to = models.PositiveSmallIntegerField(
        default=0, help_text=_("How many steps of its policy were taken.")
    )
    reminders = models.PositiveIntegerField(default=0)
    next_step_at = models.DateTimeField(
        null=True, help_text=_("When the next escalation or reminder is due. Empty: none.")
    )

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(resolved_at=None), name="one_open_incident_per_monitor"
            )
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="incident_by_start"),
            models.Index(fields=["monitor", "-started_at", "-id"], name="incident_by_monitor"),
            models.Index(
                fields=["next_step_at"], condition=Q(next_step_at__isnull=False), name="incident_step_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} down since {self.started_at:%Y-%m-%d %H:%M:%S}"

    def duration(self, now: datetime | None = None) -> timedelta:
        return (self.resolved_at or now or timezone.now()) - self.started_at


class IncidentNote(models.Model):
    """What staff wrote about an incident; a public one stands on status pages."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.CharField(max_length=2000)
    is_public = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.text[:40]}"


class SlowSpell(models.Model):
    """A time of answering slower than a limit. No downtime; it and its end are told at that severity."""

    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="slow_spells")
    severity = models.CharField(max_length=8, choices=Severity.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    limit_ms = models.PositiveIntegerField()
    response_ms = models.FloatField(help_text=_("Of the first answer that was too slow."))

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(ended_at=None), name="one_slow_spell_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id} slow since {self.started_at:%Y-%m-%d %H:%M:%S}"
