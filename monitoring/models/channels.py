from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hazesite.sealed import SealedJSONField


class NotificationChannel(models.Model):
    """Where alerts go. Damping and digests are off unless they are set."""

    class Type(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")
        SLACK = "slack", "Slack"
        DISCORD = "discord", "Discord"
        PUSH = "push", _("Push to staff")

    name = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=7, choices=Type.choices)
    config: Any = SealedJSONField(default=dict, help_text=_("Keys by type; secrets are never shown again."))
    active = models.BooleanField(default=True)
    default = models.BooleanField(default=False, help_text=_("For monitors that name no channel."))
    templates = models.JSONField(default=dict, blank=True, help_text=_("Texts of our own, by event."))
    remind_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Say again that it is still down, each so many minutes.")
    )
    flap_changes = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("So many changes of a monitor within the minutes below are flapping."),
    )
    flap_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    storm_alerts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text=_("More alerts than this within the seconds below become one digest."),
    )
    storm_seconds = models.PositiveSmallIntegerField(null=True, blank=True)
    summary_at = models.TimeField(
        null=True, blank=True, help_text=_("When the daily summary is due; without it 08:00.")
    )
    time_zone = models.CharField(max_length=63, default="UTC")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EscalationPolicy(models.Model):
    """Who hears first, and who hears when nobody acknowledges."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "escalation policies"

    def __str__(self) -> str:
        return self.name


class EscalationStep(models.Model):
    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="steps", db_index=False)
    after_minutes = models.PositiveIntegerField(help_text=_("Without acknowledgement; 0 is at once."))
    channels = models.ManyToManyField(NotificationChannel, related_name="+")

    class Meta:
        ordering = ["after_minutes", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "after_minutes"], name="one_escalation_step_per_minute")
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} after {self.after_minutes} min"
