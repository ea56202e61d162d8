from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LIFETIME = timedelta(hours=24)
WAITING = Q(next_try_at__isnull=False)


def default_expiry() -> datetime:
    return timezone.now() + LIFETIME


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        """Not settled: queued, being sent, or to be tried again."""
        return self.filter(WAITING)

    def due(self) -> DeliveryQuerySet:
        """Their time has come and nobody sends them; of a lane, only the first that waits. Oldest first."""
        before = Delivery.objects.waiting().filter(lane=OuterRef("lane"), pk__lt=OuterRef("pk"))
        rows = self.waiting().filter(next_try_at__lte=timezone.now())
        return rows.filter(Q(lane="") | ~Exists(before)).order_by("next_try_at", "pk")


class Delivery(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed, will be tried again")
        GIVEN_UP = "given_up", _("Given up")
        RETRACTED = "retracted", _("Retracted")

    transport = models.CharField(max_length=32)
    target = models.CharField(max_length=100, help_text=_("Whom the transport sends it to: a row's id."))
    thing = models.CharField(max_length=100, help_text=_("What is sent, by id: ticket-event:123, say."))
    lane = models.CharField(
        max_length=100, blank=True, help_text=_("What shares a lane is sent in order, one by one.")
    )
    payload = models.JSONField(default=dict, help_text=_("Ids and small facts; texts are read when sending."))
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(
        null=True,
        blank=True,
        default=timezone.now,
        help_text=_(
            "While it is being sent: when another drainer may take it over. Empty when it is settled."
        ),
    )
    expires_at = models.DateTimeField(default=default_expiry, help_text=_("Then it is given up."))
    reason = models.CharField(max_length=500, blank=True, help_text=_("Why it was not sent."))
    drainer = models.CharField(max_length=100, blank=True, help_text=_("Who is sending it."))
    fence = models.PositiveIntegerField(default=0, help_text=_("Grows with each lease."))
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"
        # No index begins with the transport: SQLite would use that for the drainer's look, and read it all.
        constraints = [
            models.UniqueConstraint(
                fields=["thing", "transport", "target"], name="delivery_once_per_thing_and_target"
            ),
            models.CheckConstraint(
                name="delivery_waits_iff_unsettled",
                condition=Q(state__in=["queued", "failed"], next_try_at__isnull=False)
                | Q(state__in=["sent", "given_up", "retracted"], next_try_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=WAITING, name="delivery_in_order"),
            models.Index(fields=["lane", "id"], condition=WAITING, name="delivery_by_lane"),
            models.Index(fields=["target", "transport", "-created_at", "-id"], name="delivery_by_target"),
            models.Index(fields=["state", "ended_at"], name="delivery_by_end"),
            models.Index(fields=["-created_at", "-id"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.thing} to {self.transport} {self.target} ({self.state})"
