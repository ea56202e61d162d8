"""What is said in a ticket, the stream of events that is the truth about it, and how far each has read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.tickets import EMPTY_LIST, Reader, Ticket


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: Reader) -> MessageQuerySet:
        """Notes are for staff. Deleted messages are gone from the conversation, not from the stream."""
        rows = self.filter(deleted_at=None)
        return rows if user.is_staff else rows.filter(is_note=False)


class Message(models.Model):
    class Source(models.TextChoices):
        APP = "app"
        WEB = "web"
        DISCORD = "discord"
        ADMIN = "admin"

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages", db_index=False)
    seq = models.PositiveIntegerField(help_text=_("The place of its posting in the ticket's stream."))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages", db_index=False
    )
    content = models.TextField(blank=True)
    attached = models.JSONField(
        default=list,
        db_default=EMPTY_LIST,
        blank=True,
        help_text=_("Its attachments as shown. They never change."),
    )
    mentioned = models.JSONField(
        default=list, db_default=EMPTY_LIST, blank=True, help_text=_("The user ids of `mention_rows`.")
    )
    is_note = models.BooleanField(default=False)
    by_staff = models.BooleanField(default=False, help_text=_("The author was staff when writing it."))
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.APP)
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    client_nonce = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - unique when given
    nonce_digest = models.CharField(max_length=64, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["ticket", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="message_once_per_place"),
            models.UniqueConstraint(
                fields=["author", "client_nonce"], name="message_once_per_author_and_nonce"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} of {self.ticket_id}"

    @property
    def public_id(self) -> str:
        return f"msg_{self.pk}"


class TicketEvent(models.Model):
    """One step of a ticket's stream: what happened, by whom, and small facts. Never text.

    `seq` is taken under the ticket's row lock, so the order of commits is the order of `seq`.
    """

    class Type(models.TextChoices):
        CREATED = "ticket_created"
        MESSAGE = "new_message"
        EDITED = "message_edited"
        DELETED_MESSAGE = "message_deleted"
        CLAIMED = "ticket_claimed"
        UNCLAIMED = "ticket_unclaimed"
        ASSIGNED = "ticket_assigned"
        CLOSED = "ticket_closed"
        REOPENED = "ticket_reopened"
        UPDATED = "ticket_updated"
        TRANSFERRED = "ticket_transferred"
        MERGED = "ticket_merged"
        RATED = "ticket_rated"
        REMINDED = "ticket_reminded"
        SNOOZED = "ticket_snoozed"
        WOKEN = "ticket_woken"
        OVERDUE = "ticket_overdue"
        DELETED = "ticket_deleted"

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    previous_public_seq = models.PositiveIntegerField(help_text=_("The step before it the owner may see."))
    is_internal = models.BooleanField(default=False, help_text=_("For staff alone."))
    type = models.CharField(max_length=20, choices=Type.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="events")
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["ticket", "seq"]
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="event_once_per_place")]

    def __str__(self) -> str:
        return f"{self.type} ({self.seq}) of {self.ticket_id}"


class ReadMark(models.Model):
    """How far one person has read one ticket, and how many messages there were up to there."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="marks", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField(default=0)
    message_count = models.PositiveIntegerField(default=0)
    note_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="one_mark_per_reader")]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.ticket_id} up to {self.seq}"
