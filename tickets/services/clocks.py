"""Whose turn it is, and what was promised by when.

The clock of the first answer runs from the opening until staff say something. The clock of the resolution
stands while the owner's answer is awaited and while the ticket is closed. Both count business hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from tickets.business_time import Calendar
from tickets.models import Ticket
from tickets.services.settings import ticket_settings
from tickets.states import Side

TURN = ["awaiting", "quiet_since", "reminded_at"]
RESOLUTION = ["resolution_due_at", "resolution_left"]


def due_times(configured: Mapping[str, Any], priority: str, now: datetime) -> dict[str, datetime | None]:
    """The columns of a new ticket: by when its first answer and its resolution are due."""
    calendar = Calendar.of(configured["business_hours"])

    def due(targets: Mapping[str, int | None]) -> datetime | None:
        minutes = targets[priority]
        return calendar.add(now, minutes * 60) if minutes else None

    return {
        "first_answer_due_at": due(configured["first_answer_minutes"]),
        "resolution_due_at": due(configured["resolution_minutes"]),
    }


def take_turn(ticket: Ticket, speaker: User) -> list[str]:
    """After a message of `speaker` the other side owes the answer. Which columns to store."""
    now = timezone.now()
    by_owner = speaker.pk == ticket.owner_id
    ticket.awaiting = Side.STAFF if by_owner else Side.OWNER
    ticket.quiet_since, ticket.reminded_at = now, None
    changed = [*TURN, *(run_resolution(ticket, now) if by_owner else hold_resolution(ticket, now))]
    if not by_owner and speaker.is_staff and ticket.first_answer_at is None:
        ticket.first_answer_at = now
        changed.append("first_answer_at")
    return changed


def hold_resolution(ticket: Ticket, now: datetime) -> list[str]:
    """Stop the clock of the resolution, and remember what is left of it."""
    if ticket.resolution_due_at is None:
        return []
    ticket.resolution_left = _calendar().between(now, ticket.resolution_due_at)
    ticket.resolution_due_at = None
    return RESOLUTION


def run_resolution(ticket: Ticket, now: datetime) -> list[str]:
    """Let it run on with what was left."""
    if ticket.resolution_left is None:
        return []
    ticket.resolution_due_at = _calendar().add(now, ticket.resolution_left)
    ticket.resolution_left = None
    return RESOLUTION


def reset_targets(ticket: Ticket, before: str) -> list[str]:
    """After its priority changed from `before`: the time already spent counts against the new targets."""
    configured, now = ticket_settings(), timezone.now()
    calendar, targets = Calendar.of(configured["business_hours"]), configured["resolution_minutes"]
    due = due_times(configured, ticket.priority, ticket.created_at)
    left = ticket.resolution_left
    if ticket.resolution_due_at is not None:
        left = calendar.between(now, ticket.resolution_due_at)
    ticket.first_answer_due_at = due["first_answer_due_at"]
    ticket.resolution_left = _left(left, targets[before], targets[ticket.priority])
    ticket.resolution_due_at = None
    if not ticket.is_closed and ticket.awaiting == Side.STAFF and ticket.resolution_left is not None:
        ticket.resolution_due_at = calendar.add(now, ticket.resolution_left)
        ticket.resolution_left = None
    ticket.answer_overdue = _is_past(ticket.first_answer_due_at, now) and ticket.answer_overdue
    ticket.resolution_overdue = ticket.resolution_overdue and (
        ticket.resolution_left == 0 or _is_past(ticket.resolution_due_at, now)
    )
    return ["first_answer_due_at", *RESOLUTION, "answer_overdue", "resolution_overdue"]


def _left(left: int | None, old: int | None, new: int | None) -> int | None:
    """Seconds left under the new target; all of it where there was none before."""
    if new is None:
        return None
    return new * 60 if left is None or old is None else max(0, left + (new - old) * 60)


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _calendar() -> Calendar:
    return Calendar.of(ticket_settings()["business_hours"])
