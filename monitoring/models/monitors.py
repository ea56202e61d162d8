from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hazesite.sealed import SealedJSONField


class Severity(models.TextChoices):
    CRITICAL = "critical", _("Critical")
    WARNING = "warning", _("Warning")
    INFO = "info", _("Information")


RETRIES = {Severity.CRITICAL: 1, Severity.WARNING: 2, Severity.INFO: 2}
"""How many failing attempts in a row make DOWN, where the monitor does not say."""


class Status(models.TextChoices):
    UP = "up", _("Up")
    PENDING = "pending", _("Pending")
    DOWN = "down", _("Down")
    PAUSED = "paused", _("Paused")
    MAINTENANCE = "maintenance", _("Maintenance")
    UNKNOWN = "unknown", _("Unknown")


def default_interval() -> int:
    return int(settings.DEFAULT_CHECK_INTERVAL)


def default_timeout() -> float:
    return float(settings.MAX_RESPONSE_TIME)


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Monitor(models.Model):
    """Its settings. What the engine found out stands in `state`."""

    name = models.CharField(max_length=150)
    description = models.CharField(max_length=500, blank=True)
    type = models.CharField(max_length=32, help_text=_("The name of a class in the registry of types."))
    url = models.CharField(max_length=2000, blank=True)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True)
    method = models.CharField(max_length=7, default="GET")
    headers: Any = SealedJSONField(default=dict, help_text=_("By name. They may hold secrets."))
    body = models.TextField(blank=True)
    expected_status = models.CharField(
        max_length=200, default="200-299", help_text=_("Codes and ranges: 200-299,401")
    )
    expected_text = models.CharField(max_length=1000, blank=True)
    options = models.JSONField(default=dict, blank=True, help_text=_("What only this type knows."))
    uses_monitoring_token = models.BooleanField(
        default=False, help_text=_("Send the newest monitoring token of this site. Only to this site itself.")
    )
    interval = models.PositiveIntegerField(default=default_interval, help_text=_("Seconds between checks."))
    timeout = models.FloatField(default=default_timeout, help_text=_("Seconds for the whole of one attempt."))
    retries = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Failing attempts in a row that make it down. Empty: by severity.")
    )
    retry_interval = models.PositiveIntegerField(default=30, help_text=_("Seconds until the next attempt."))
    severity = models.CharField(max_length=8, choices=Severity.choices, default=Severity.WARNING)
    response_time_warning_ms = models.PositiveIntegerField(null=True, blank=True, default=500)
    response_time_critical_ms = models.PositiveIntegerField(null=True, blank=True, default=1000)
    active = models.BooleanField(default=True)
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        help_text=_("While this one is down, its children alert nobody."),
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="monitors")
    notification_channels = models.ManyToManyField(
        "monitoring.NotificationChannel",
        blank=True,
        related_name="monitors",
        help_text=_("None: all active channels that are marked as default."),
    )
    escalation = models.ForeignKey(
        "monitoring.EscalationPolicy", models.SET_NULL, null=True, blank=True, related_name="monitors"
    )
    push_token = models.CharField(max_length=43, unique=True, null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["name", "id"], name="monitor_by_name"),
            models.Index(fields=["type", "name", "id"], name="monitor_by_type"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def attempts_until_down(self) -> int:
        return self.retries or RETRIES[Severity(self.severity)]


class MonitorState(models.Model):
    """Where a monitor stands, and when its next check is due. Written by engines; one row for each monitor.

    An engine takes it by moving `next_check_at` forward (the lease) and writing its name and the next
    `fence`; a result counts only under the fence it was begun with.
    """

    monitor = models.OneToOneField(Monitor, models.CASCADE, primary_key=True, related_name="state")
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.PENDING)
    since = models.DateTimeField(default=timezone.now)
    next_check_at = models.DateTimeField(null=True, help_text=_("Empty: never (paused)."))
    slot_at = models.DateTimeField(
        null=True, help_text=_("The slot of the grid that is, or was last, checked.")
    )
    engine = models.CharField(max_length=100, blank=True)
    fence = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text=_("Failing attempts in a row."))
    first_failure_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    response_ms = models.FloatField(null=True)
    status_code = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)
    slowness = models.CharField(
        max_length=8, blank=True, help_text=_("The limit that is exceeded, or empty.")
    )
    certificate_expires_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField(null=True, help_text=_("When somebody last called in, for type push."))
    pushed_message = models.CharField(
        max_length=250, blank=True, default="", db_default="", help_text=_("What they said.")
    )
    pushed_ms = models.FloatField(null=True, help_text=_("How long it took, as they say."))

    class Meta:
        indexes = [
            models.Index(
                fields=["next_check_at"], condition=Q(next_check_at__isnull=False), name="monitor_due"
            ),
            models.Index(fields=["status", "monitor"], name="monitor_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.monitor_id}: {self.status}"
