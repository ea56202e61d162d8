from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ErrorReport(models.Model):
    """One bug: every error of the same type that came from the same lines of our code."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        RESOLVED = "resolved", _("Resolved")
        IGNORED = "ignored", _("Ignored")

    fingerprint = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    fixed_after = models.CharField(
        max_length=40,
        blank=True,
        help_text=_("Resolved by what follows this version: there it may still come."),
    )
    exception = models.CharField(max_length=200, help_text=_("Its type."))
    place = models.CharField(max_length=200, help_text=_("The innermost line of our code."))
    where = models.CharField(
        max_length=200, help_text=_("The request, job or socket event it came from last.")
    )
    request_id = models.CharField(max_length=64, blank=True, help_text=_("Of the last time."))
    version = models.CharField(max_length=40, help_text=_("Ours, the last time."))
    traceback = models.TextField(help_text=_("Of the last time, without values and secrets."))
    count = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-last_seen_at"]
        indexes = [
            models.Index(fields=["state", "-last_seen_at"], name="error_report_by_state"),
            models.Index(fields=["-last_seen_at"], name="error_report_by_last_time"),
        ]

    def __str__(self) -> str:
        return f"{self.exception.rpartition('.')[2]} in {self.place}"
