"""What staff keep around the conversations."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.conversation import Message
from tickets.models.tickets import Ticket


class Rating(models.Model):
    """What the owner thinks of how a closed ticket was handled. Once."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="rating")
    score = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="rating_is_one_to_five", condition=Q(score__gte=1, score__lte=5))
        ]

    def __str__(self) -> str:
        return f"{self.score} for {self.ticket_id}"


class CannedReply(models.Model):
    """An answer written once: `{owner}`, `{subject}` and the like are filled in when it is used."""

    name = models.CharField(max_length=50, unique=True, validators=[RegexValidator(r"^[\w-]+\Z")])
    content = models.TextField(max_length=4000)
    category = models.CharField(max_length=50, blank=True, help_text=_("Offered in this one first."))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "canned replies"

    def __str__(self) -> str:
        return self.name


class BlockQuerySet(models.QuerySet["Block"]):
    def in_force(self, now: datetime) -> BlockQuerySet:
        return self.filter(Q(until=None) | Q(until__gt=now))


class Block(models.Model):
    """Somebody who may open no tickets and say nothing in those they have. They still read."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="ticket_block")
    reason = models.CharField(max_length=300, blank=True)
    until = models.DateTimeField(null=True, blank=True, help_text=_("Empty: until somebody lifts it."))
    blocked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = BlockQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user} until {self.until or 'further notice'}"


class Mention(models.Model):
    """Somebody named in a message they may see."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mention_rows", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mentioned_once_per_message")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class Presence(models.Model):
    """Somebody has a ticket open on a socket of this process. Refreshed while it is; expires by itself."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="presences", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    process = models.CharField(max_length=40)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "user", "process"], name="present_once_per_process")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.ticket_id}"
