"""What is kept of how the app is used: single uses, sessions, and what was added up of them by day.

People are numbers here (`Visitor`). Of whom a number is follows from a salt that may be forgotten
(`analytics.collecting.visitors`), and a session names its user for as long as it lasts.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket

OPEN = Q(ended_at=None)


class Salt(models.Model):
    """What pseudonyms are made with. There is one; those before it are forgotten with what they meant."""

    period = models.IntegerField(unique=True)
    value = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"salt of period {self.period}"


class Visitor(models.Model):
    key = models.BigIntegerField(unique=True, help_text=_("Made of the person and the salt."))
    first_day = models.DateField(db_index=True)

    def __str__(self) -> str:
        return f"visitor {self.pk}"


class OptOut(models.Model):
    """Somebody of whom nothing is collected."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user_id}"


class Described(models.Model):
    """What figures can be told apart by."""

    platform = models.CharField(max_length=10)
    version = models.CharField(max_length=20, blank=True)
    role = models.CharField(max_length=10)

    class Meta:
        abstract = True


class UsageSession(Described):
    """How long somebody used the app without half an hour of doing nothing."""

    thread = models.BigIntegerField(help_text=_("Made of the sign-in and of what the client calls it."))
    visitor = models.BigIntegerField(db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text=_("While it lasts.")
    )
    started_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    actions = models.PositiveIntegerField(default=0)
    device = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread"], condition=OPEN, name="one_open_session_per_thread")
        ]
        indexes = [models.Index(fields=["last_at"], condition=OPEN, name="usage_session_open")]

    def __str__(self) -> str:
        return f"session {self.pk}"


class FeatureUse(Described):
    """How often a session used a feature within a minute. On PostgreSQL: a partition for each day."""

    at = models.DateTimeField(db_index=True)
    visitor = models.BigIntegerField(db_index=True)
    session = models.BigIntegerField()
    feature = models.CharField(max_length=40)
    uses = models.PositiveIntegerField()
    failures = models.PositiveIntegerField(default=0, help_text=_("Of these: our own errors."))

    def __str__(self) -> str:
        return f"{self.uses} x {self.feature}"


class UsageDay(Described):
    """The uses of a feature ("" for all of them) on one day, by its hours, and who they were.

    Sets are compressed bitmaps of visitors (`analytics.sets`).
    """

    day = models.DateField()
    feature = models.CharField(max_length=40, blank=True)
    uses = models.PositiveBigIntegerField()
    failures = models.PositiveBigIntegerField()
    uses_by_hour = models.JSONField()
    failures_by_hour = models.JSONField()
    visitors = models.BinaryField()
    visitors_by_hour = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "day", "platform", "version", "role"], name="usage_once_per_day_and_kind"
            )
        ]
        indexes = [models.Index(fields=["day"], name="usage_day")]
        verbose_name_plural = _("analytics")

    def __str__(self) -> str:
        return f"{self.feature or 'all'} on {self.day}"


class SessionDay(Described):
    """The sessions that began on one day. `lengths` counts them by length, in steps of ten seconds."""

    day = models.DateField()
    sessions = models.PositiveIntegerField()
    seconds = models.PositiveBigIntegerField()
    actions = models.PositiveBigIntegerField()
    lengths = models.JSONField()
    devices = models.JSONField()
    countries = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "platform", "version", "role"], name="sessions_once_per_day_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sessions} sessions on {self.day}"


class ErrorDay(models.Model):
    """How often a bug of the error reports happened on one day."""

    day = models.DateField()
    fingerprint = models.CharField(max_length=32)
    count = models.PositiveBigIntegerField()
    total = models.PositiveBigIntegerField(help_text=_("What its report counted by then."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fingerprint", "day"], name="error_once_per_day")]
        indexes = [models.Index(fields=["day"], name="error_day")]

    def __str__(self) -> str:
        return f"{self.count} x {self.fingerprint}"


class TicketFact(models.Model):
    """How a ticket went, read from its events. Seconds are of business hours."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="+")
    opened_at = models.DateTimeField(db_index=True)
    type = models.CharField(max_length=50)
    priority = models.CharField(max_length=8)
    first_answer_at = models.DateTimeField(null=True)
    first_answer_seconds = models.PositiveIntegerField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    resolution_seconds = models.PositiveIntegerField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reopened = models.PositiveIntegerField(default=0)
    rating = models.PositiveSmallIntegerField(null=True)

    def __str__(self) -> str:
        return f"how {self.ticket_id} went"


class Progress(models.Model):
    """How far each kind of adding up has come."""

    name = models.CharField(max_length=20, unique=True)
    until = models.DateTimeField()
    ran_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"
