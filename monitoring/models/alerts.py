from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from monitoring.models.channels import NotificationChannel
from monitoring.models.incidents import Incident, SlowSpell


class Alert(models.Model):
    """What a channel was told, by itself or in a digest. Stays with the incident; the ledger forgets.

    `thing` is that of the ledger: `incident:7:down`.
    """

    channel = models.ForeignKey(NotificationChannel, models.CASCADE, related_name="alerts", db_index=False)
    incident = models.ForeignKey(Incident, models.CASCADE, null=True, related_name="alerts")
    slow_spell = models.ForeignKey(SlowSpell, models.CASCADE, null=True, related_name="alerts")
    event = models.CharField(max_length=12)
    thing = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "thing"], name="a_channel_is_told_once"),
            models.CheckConstraint(
                condition=Q(incident=None) ^ Q(slow_spell=None), name="an_alert_is_about_one_thing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.thing} to {self.channel_id}"
