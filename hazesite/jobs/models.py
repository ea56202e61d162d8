from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, queues: Collection[str]) -> JobQuerySet:
        """Ready and their time has come, or running under a lease that nobody renewed. Most urgent first."""
        now = timezone.now()
        waiting = Q(state=Job.State.READY, run_after__lte=now)
        abandoned = Q(state=Job.State.RUNNING, lease_until__lt=now)
        return self.filter(waiting | abandoned, queue__in=queues).order_by("-priority", "run_after")


class Job(models.Model):
    class State(models.TextChoices):
        READY = "ready", _("Ready")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.CharField(max_length=200, help_text=_("The dotted path of its function."))
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    queue = models.CharField(max_length=32, default="default")
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.READY)
    run_after = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    backoff = models.FloatField(default=2.0, help_text=_("Seconds before the second attempt; doubles."))
    worker = models.CharField(max_length=100, blank=True)
    fence = models.PositiveIntegerField(default=0, help_text=_("Grows with each lease."))
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                F("priority").desc(), "run_after", condition=Q(state="ready"), name="job_ready_by_urgency"
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_running_by_lease"),
            models.Index(fields=["finished_at"], name="job_by_end"),
            models.Index(fields=["finished_at"], condition=Q(state="dead"), name="job_dead_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.task.rpartition('.')[2]} ({self.state})"


class PeriodicSlot(models.Model):
    """When a periodic job is due next. Whoever moves this forward, by compare-and-set, enqueues it."""

    name = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} at {self.next_at:%Y-%m-%d %H:%M:%S}"
