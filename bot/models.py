"""Where tickets live in Discord, and which message there is which message here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models import Message, Ticket


class Mirror(models.Model):
    """A ticket's place in Discord: a cursor into the ticket's stream, and one into the channel's history."""

    class Place(models.TextChoices):
        NONE = "", _("Nowhere yet")
        CHANNEL = "channel", _("A channel")
        THREAD = "thread", _("A private thread")

    class State(models.TextChoices):
        LIVE = "live", _("Followed")
        ENDED = "ended", _("Its channel was taken away, after closing or with the ticket")

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="mirror")
    place = models.CharField(max_length=8, choices=Place.choices, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.LIVE)
    channel_id = models.BigIntegerField(null=True, unique=True)
    webhook_channel_id = models.BigIntegerField(null=True, help_text=_("The channel, or a thread's parent."))
    panel_id = models.BigIntegerField(null=True, help_text=_("The message with the buttons."))
    seq = models.PositiveIntegerField(default=0, help_text=_("The last step of the stream told there."))
    last_read_id = models.BigIntegerField(null=True, help_text=_("The last message there read from it."))
    error = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_try = models.DateTimeField(null=True, blank=True)
    behind_since = models.DateTimeField(null=True, blank=True)
    remove_at = models.DateTimeField(null=True, blank=True, help_text=_("When the closed channel goes."))

    class Meta:
        indexes = [
            models.Index(fields=["next_try"], condition=Q(next_try__isnull=False), name="mirror_to_retry"),
            models.Index(fields=["remove_at"], condition=Q(remove_at__isnull=False), name="mirror_to_remove"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} in {self.channel_id}"

    @property
    def behind(self) -> int:
        """How many steps of the ticket Discord has not been told yet."""
        return max(0, self.ticket.last_public_seq - self.seq)


class Webhook(models.Model):
    """The webhook through which people of the site speak in a channel and its threads."""

    channel_id = models.BigIntegerField(primary_key=True)
    webhook_id = models.BigIntegerField(unique=True)
    token = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.webhook_id} in {self.channel_id}"


class MirroredMessage(models.Model):
    """A message of a ticket and one message in Discord. A long one has several parts there.

    Without `discord_id` it is being sent, or was when something broke: whether it arrived is not known.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="mirrored", db_index=False)
    part = models.PositiveSmallIntegerField(default=0)
    discord_id = models.BigIntegerField(null=True, unique=True)
    from_discord = models.BooleanField(default=False)
    text = models.TextField(blank=True, help_text=_("What was said there; empty for a file."))
    attempted_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=500, blank=True, help_text=_("Why it was given up."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "part"], name="mirrored_once_per_message_and_part")
        ]

    def __str__(self) -> str:
        return f"{self.message_id} as {self.discord_id}"


class ModerationAction(models.Model):
    """Something a moderator did to a member or a channel in Discord."""

    class Kind(models.TextChoices):
        CLEAR = "clear", _("Messages deleted")
        SLOWMODE = "slowmode", _("Slow mode")
        WARN = "warn", _("Warning")
        TIMEOUT = "timeout", _("Time-out")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    member_id = models.BigIntegerField(null=True, db_index=True)
    member_name = models.CharField(max_length=100, blank=True)
    detail = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.member_name}".strip()


class PostedMessage(models.Model):
    """Where the bot keeps the message that shows a section of the configuration."""

    section = models.CharField(max_length=30, primary_key=True)
    channel_id = models.BigIntegerField()
    message_id = models.BigIntegerField()

    def __str__(self) -> str:
        return self.section
