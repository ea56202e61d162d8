from __future__ import annotations

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """A process that says every few seconds that it works. One that stops cleanly takes its row away."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="heartbeat_once_per_process")]
        indexes = [models.Index(fields=["kind", "seen_at"], name="heartbeat_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
