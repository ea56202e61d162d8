from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models.monitors import Monitor, Tag


class MaintenanceWindow(models.Model):
    """Planned work: what is down meanwhile alerts nobody and is no downtime.

    `starts_at` is the first time; a recurring window follows `recurrence` (an RRULE of RFC 5545) by the wall
    clock of `time_zone`, so that 03:00 stays 03:00 when clocks change.
    """

    name = models.CharField(max_length=150)
    description = models.CharField(max_length=1000, blank=True)
    starts_at = models.DateTimeField()
    duration_minutes = models.PositiveIntegerField()
    recurrence = models.CharField(max_length=300, blank=True, help_text=_("FREQ=WEEKLY;BYDAY=SU, say."))
    time_zone = models.CharField(max_length=63, default="UTC")
    everything = models.BooleanField(default=False, help_text=_("All monitors."))
    monitors = models.ManyToManyField(Monitor, blank=True, related_name="windows")
    tags = models.ManyToManyField(Tag, blank=True, related_name="windows")
    active = models.BooleanField(default=True)
    next_start = models.DateTimeField(null=True, help_text=_("Of the time that runs or comes next."))
    next_end = models.DateTimeField(null=True, help_text=_("Empty: it comes no more."))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(duration_minutes__gt=0), name="a_window_takes_time")
        ]
        indexes = [models.Index(fields=["next_end"], name="window_by_end")]

    def __str__(self) -> str:
        return self.name
