"""Devices, what their owners want to hear of, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.kinds import Kind
from notifications.mail.models import MailAddress as MailAddress
from tickets.models import Ticket, TicketEvent


class Device(models.Model):
    """Where a person can be reached. An address belongs to whoever registered it last."""

    class AddressKind(models.TextChoices):
        TOKEN = "token", _("Registration token")
        FID = "fid", _("Firebase installation id")

    class Platform(models.TextChoices):
        ANDROID = "android", "Android"
        IOS = "ios", "iOS"
        WEB = "web", _("Web")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=5, choices=AddressKind.choices, default=AddressKind.TOKEN)
    address = models.TextField()
    digest = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of the address."))
    platform = models.CharField(max_length=7, choices=Platform.choices)
    info = models.CharField(max_length=200, blank=True)
    muted_kinds = models.JSONField(default=list, blank=True, help_text=_("Never on this device."))
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} of {self.user_id}"


class Preferences(models.Model):
    """One person's switches; what is not stored is as the defaults say."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preferences"
    )
    notifications_enabled = models.BooleanField(default=True)
    ticket_new_messages = models.BooleanField(default=True)
    ticket_mentions = models.BooleanField(default=True)
    ticket_created = models.BooleanField(default=True)
    ticket_assigned = models.BooleanField(default=True)
    ticket_changes = models.BooleanField(default=True)
    rank_ups = models.BooleanField(default=True)
    broadcasts = models.BooleanField(default=True)
    incidents = models.BooleanField(default=True)
    only_mine = models.BooleanField(default=False, help_text=_("Of others' tickets only mentions."))
    private = models.BooleanField(default=False, help_text=_("Without the words of a message."))
    digest = models.BooleanField(default=False, help_text=_("What is only good to know: once a day."))
    direct_messages = models.BooleanField(
        default=True, db_default=True, help_text=_("In Discord, what rang nowhere and is not mailed.")
    )
    quiet_from = models.TimeField(null=True, blank=True, help_text=_("In the person's time zone."))
    quiet_to = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "preferences"
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_have_both_ends",
                condition=Q(quiet_from=None, quiet_to=None)
                | (Q(quiet_from__isnull=False, quiet_to__isnull=False) & ~Q(quiet_from=F("quiet_to"))),
            )
        ]

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class MutedTicket(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="muted_tickets", db_index=False
    )
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="muted_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} for {self.user_id}"


class Notification(models.Model):
    """One thing one person is told, whether a device rings or not: their own history.

    `facts` are its words where it is about no step of a ticket (`title`, `body`).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    thing = models.CharField(max_length=100, help_text=_("What it is about: ticket-event:123, say."))
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+")
    event = models.ForeignKey(TicketEvent, models.CASCADE, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["thing", "user"], name="told_once_of_each_thing")]
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_history"),
            models.Index(fields=["user", "ticket"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class Broadcast(models.Model):
    """Something that everybody is told: who has an account when it is made, and may sign in when it comes."""

    class Priority(models.TextChoices):
        LOW = "low", _("Low: in the history alone, nothing rings")
        NORMAL = "normal", _("Normal")
        HIGH = "high", _("High: rings in quiet hours, too")

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    title = models.CharField(max_length=100)
    message = models.TextField(max_length=2000)
    priority = models.CharField(max_length=6, choices=Priority.choices, default=Priority.NORMAL)
    channel_id = models.BigIntegerField(null=True, blank=True, help_text=_("Said in this channel, too."))
    recipients = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0, help_text=_("How many have it in their history."))
    told_up_to = models.BigIntegerField(default=0, help_text=_("The key of the last of them."))
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    client_nonce = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - unique when given
    nonce_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "client_nonce"], name="broadcast_once_per_author_and_nonce"
            )
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="broadcast_by_age")]

    def __str__(self) -> str:
        return self.title


class Untold(models.Model):
    """A step of a ticket of which people are to be told yet. A job takes many together."""

    event = models.OneToOneField(TicketEvent, models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "untold"

    def __str__(self) -> str:
        return f"event {self.event_id}"
