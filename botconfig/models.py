from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Section(models.Model):
    """What was set in one section of the bot's configuration. What is absent has its default."""

    name = models.CharField(max_length=30, primary_key=True)
    values = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.name
