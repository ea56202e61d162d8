"""Tickets, their messages, and the stream of events that is the truth about both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from tickets.states import TRANSITIONS, UNDONE, Priority, Side, Status, Verb

KEEP_DELETED = timedelta(days=30)
MANY_TAGGED = 2000
EMPTY_LIST = Value([], models.JSONField())
SNOOZED = Q(snoozed_until__isnull=False)
RUNNING = Q(status__in=UNDONE, deleted_at=None)
ANSWER_AWAITED = RUNNING & Q(first_answer_at=None, answer_overdue=False, first_answer_due_at__isnull=False)
TO_RESOLVE = RUNNING & Q(resolution_overdue=False, resolution_due_at__isnull=False)


def new_ticket_id() -> str:
    return get_random_string(20)


class Reader(Protocol):
    """Whoever reads: a `User`, or somebody at a socket whose role was looked up a moment ago."""

    @property
    def pk(self) -> Any: ...

    @property
    def is_staff(self) -> bool: ...


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: Reader) -> TicketQuerySet:
        """The only way code that answers a person may reach a ticket."""
        rows = self.filter(deleted_at=None)
        return rows if user.is_staff else rows.filter(owner_id=user.pk)

    def open(self) -> TicketQuerySet:
        return self.exclude(status=Status.CLOSED)

    def running(self) -> TicketQuerySet:
        """As `open`, read from the index of states: quicker to count, slower to sort by activity."""
        return self.filter(status__in=UNDONE)

    def with_status(self, status: str) -> TicketQuerySet:
        """`open` means everything that is not closed; `all` everything."""
        if status == "all":
            return self
        return self.open() if status == Status.OPEN else self.filter(status=status)

    def with_tag(self, name: str) -> TicketQuerySet:
        """One small query tells which way: few are collected and sorted, many are met on a walk soon."""
        tagged = TicketTag.objects.filter(name=name)
        if tagged[:MANY_TAGGED].count() < MANY_TAGGED:
            return self.filter(pk__in=tagged.values("ticket"))
        return self.filter(Exists(tagged.filter(ticket=OuterRef("pk"))))

    def as_shown_to(self, user: Reader) -> TicketQuerySet:
        return self.with_people().with_unread(user)

    def with_lock(self) -> TicketQuerySet:
        # Without people: after a wait PostgreSQL gives the row as it is by then, what is joined as it was.
        return self.select_for_update(no_key=True)

    def with_people(self) -> TicketQuerySet:
        people = self.select_related("owner", "assigned_to", "claimed_by", "last_message")
        return people.prefetch_related("tag_rows")

    def with_unread(self, user: Reader) -> TicketQuerySet:
        """Adds `unread`: the messages this person may see and has not read yet."""
        columns = ("message_count", "note_count") if user.is_staff else ("message_count",)
        unread = sum((F(name) - Coalesce(F(f"mine__{name}"), Value(0)) for name in columns), Value(0))
        mine = FilteredRelation("marks", condition=Q(marks__user=user.pk))
        return self.annotate(mine=mine).annotate(unread=unread)


class Ticket(models.Model):
    public_id = models.CharField(max_length=32, unique=True, default=new_ticket_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="tickets", db_index=False
    )
    subject = models.CharField(max_length=100)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    type = models.CharField(max_length=50)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned_tickets",
        db_index=False,
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

    # `db_default`: processes of the version before insert without these columns while both run.
    answers = models.JSONField(
        default=list, db_default=EMPTY_LIST, blank=True, help_text=_("To its category's form, with labels.")
    )
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged_tickets"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)

    # Whose turn it is, and the clocks that follow from it.
    awaiting = models.CharField(
        max_length=5, choices=Side.choices, default=Side.STAFF, db_default=Side.STAFF.value
    )
    quiet_since = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text=_("When somebody last said something.")
    )
    reminded_at = models.DateTimeField(null=True, blank=True, help_text=_("Who owes an answer was told so."))
    first_answer_at = models.DateTimeField(null=True, blank=True)
    first_answer_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Empty while the owner's answer is awaited.")
    )
    resolution_left = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Seconds of business time left, while the clock stands.")
    )
    answer_overdue = models.BooleanField(default=False, db_default=False)
    resolution_overdue = models.BooleanField(default=False, db_default=False)

    client_nonce = models.CharField(max_length=128, null=True, blank=True)  # noqa: DJ001 - unique when given
    nonce_digest = models.CharField(max_length=64, blank=True)

    objects = TicketQuerySet.as_manager()

    as_found: Mapping[str, Any] = MappingProxyType({})
    """What its columns said when it was locked to be changed by somebody (`services.locking`)."""

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
            # What the clocks look for.
            models.Index(fields=["snoozed_until"], condition=SNOOZED, name="ticket_by_wake_up"),
            models.Index(fields=["quiet_since"], condition=RUNNING, name="ticket_by_silence"),
            models.Index(fields=["first_answer_due_at"], condition=ANSWER_AWAITED, name="ticket_answer_due"),
            models.Index(fields=["resolution_due_at"], condition=TO_RESOLVE, name="ticket_by_resolution_due"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.subject}"

    @cached_property
    def tag_names(self) -> list[str]:
        """In order. Asks once; a list of tickets sets it for all of them (`tickets.prepared`)."""
        return [tag.name for tag in self.tag_rows.all()]

    @property
    def is_closed(self) -> bool:
        return self.status == Status.CLOSED

    @property
    def goes_on_in(self) -> Ticket | None:
        """The ticket it was merged into, unless that was deleted."""
        target = self.merged_into
        return target if target is not None and target.deleted_at is None else None

    def after(self, verb: Verb) -> Status | None:
        """The state this verb leads to; None where the table refuses it."""
        return TRANSITIONS.get((self.status, verb))

    def is_visible_to(self, user: Reader) -> bool:
        return self.deleted_at is None and (user.is_staff or user.pk == self.owner_id)

    def head_for(self, user: Reader) -> int:
        """The last step of the stream this person may see."""
        return self.last_seq if user.is_staff else self.last_public_seq


class TicketTag(models.Model):
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="tag_rows", db_index=False)
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["ticket", "name"], name="tag_once_per_ticket")]
        indexes = [models.Index(fields=["name", "ticket"], name="ticket_by_tag")]

    def __str__(self) -> str:
        return self.name
