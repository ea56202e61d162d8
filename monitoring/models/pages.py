from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.monitors import Monitor


class StatusPage(models.Model):
    """What the public sees at `/status/<slug>`: these monitors, by group, and nothing else of them."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=150)
    description = models.CharField(max_length=1000, blank=True)
    is_public = models.BooleanField(default=True, help_text=_("Otherwise staff alone see it."))
    monitors = models.ManyToManyField(Monitor, through="monitoring.StatusPageEntry", related_name="pages")

    class Meta:
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title


class StatusPageEntry(models.Model):
    page = models.ForeignKey(StatusPage, models.CASCADE, related_name="entries", db_index=False)
    monitor = models.ForeignKey(Monitor, models.CASCADE, related_name="+")
    group = models.CharField(max_length=100, blank=True)
    label = models.CharField(max_length=150, blank=True, help_text=_("Instead of the monitor's name."))
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["page", "monitor"], name="a_monitor_once_on_each_page")
        ]

    def __str__(self) -> str:
        return f"{self.page_id}: {self.monitor_id}"
