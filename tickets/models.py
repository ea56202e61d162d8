"""Tickets, their messages, and the stream of events that is the truth about both."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, FilteredRelation, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.states import TRANSITIONS, Priority, Status, Verb

KEEP_DELETED = timedelta(days=30)


def new_ticket_id() -> str:
    return get_random_string(20)


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> TicketQuerySet:
        """The only way code that answers a person may reach a ticket."""
        rows = self.filter(deleted_at=None)
        return rows if user.is_staff else rows.filter(owner=user)

    def open(self) -> TicketQuerySet:
        return self.exclude(status=Status.CLOSED)

    def with_status(self, status: str) -> TicketQuerySet:
        """`open` means everything that is not closed; `all` everything."""
        if status == "all":
            return self
        return self.open() if status == Status.OPEN else self.filter(status=status)

    def with_people(self) -> TicketQuerySet:
        people = self.select_related("owner", "assigned_to", "claimed_by", "last_message")
        return people.prefetch_related("tag_rows")

    def with_unread(self, user: User) -> TicketQuerySet:
        """Adds `unread`: the messages this person may see and has not read yet."""
        columns = ("message_count", "note_count") if user.is_staff else ("message_count",)
        unread = sum((F(name) - Coalesce(F(f"mine__{name}"), Value(0)) for name in columns), Value(0))
        mine = FilteredRelation("marks", condition=Q(marks__user=user))
        return self.annotate(mine=mine).annotate(unread=unread)


class Ticket(models.Model):
    public_id = models.CharField(max_length=32, unique=True, default=new_ticket_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets")
    subject = models.CharField(max_length=100)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    type = models.CharField(max_length=50)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_tickets"
    )
    created_at = models.DateTimeField(default=timezone.now)
    active_at = models.DateTimeField(default=timezone.now, help_text=_("When its public stream moved."))
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    last_seq = models.PositiveIntegerField(default=0, help_text=_("How many events its stream has."))
    last_public_seq = models.PositiveIntegerField(default=0, help_text=_("The last the owner may see."))
    message_count = models.PositiveIntegerField(default=0)
    note_count = models.PositiveIntegerField(default=0)
    last_message = models.ForeignKey(
        "tickets.Message", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    client_nonce = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - unique when given
    nonce_digest = models.CharField(max_length=64, blank=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-active_at"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "client_nonce"], name="ticket_once_per_owner_and_nonce"),
            models.CheckConstraint(
                name="ticket_closed_at_iff_closed",
                condition=Q(status=Status.CLOSED, closed_at__isnull=False)
                | (~Q(status=Status.CLOSED) & Q(closed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="open_ticket_is_claimed_by_nobody",
                condition=~Q(status=Status.OPEN) | Q(claimed_by__isnull=True),
            ),
        ]
        # Each ends as the list is sorted: SQLite then takes the one of the filter, not that of the order.
        indexes = [
            models.Index(fields=["-active_at", "-id"], name="ticket_by_activity"),
            models.Index(fields=["status", "-active_at", "-id"], name="ticket_by_status"),
            models.Index(fields=["owner", "-active_at", "-id"], name="ticket_by_owner"),
            models.Index(fields=["assigned_to", "-active_at", "-id"], name="ticket_by_assignee"),
            models.Index(fields=["priority", "-active_at", "-id"], name="ticket_by_priority"),
            models.Index(fields=["owner", "created_at"], name="ticket_by_owner_and_age"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    @property
    def is_closed(self) -> bool:
        return self.status == Status.CLOSED

    def after(self, verb: Verb) -> Status | None:
        """The state this verb leads to; None where the table refuses it."""
        return TRANSITIONS.get((self.status, verb))

    def is_visible_to(self, user: User) -> bool:
        return self.deleted_at is None and (user.is_staff or user.pk == self.owner_id)

    def head_for(self, user: User) -> int:
        """The last step of the stream this person may see."""
        return self.last_seq if user.is_staff else self.last_public_seq


class TicketTag(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="tag_rows")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["ticket", "name"], name="tag_once_per_ticket")]
        indexes = [models.Index(fields=["name", "ticket"], name="ticket_by_tag")]

    def __str__(self) -> str:
        return self.name


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        """Notes are for staff. Deleted messages are gone from the conversation, not from the stream."""
        rows = self.filter(deleted_at=None)
        return rows if user.is_staff else rows.filter(is_note=False)


class Message(models.Model):
    class Source(models.TextChoices):
        APP = "app"
        WEB = "web"
        DISCORD = "discord"
        ADMIN = "admin"

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField(help_text=_("The place of its posting in the ticket's stream."))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages")
    content = models.TextField()
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
        DELETED = "ticket_deleted"

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events")
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

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seq = models.PositiveIntegerField(default=0)
    message_count = models.PositiveIntegerField(default=0)
    note_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="one_mark_per_reader")]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.ticket_id} up to {self.seq}"
