"""What happens because time passes: reminders, closing what was left, waking, and missed promises.

Each step looks for candidates without a lock, then locks each ticket and asks again: several workers may
do this at once, and a message that comes in between wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tickets import stream
from tickets.models import Ticket, TicketEvent
from tickets.models.tickets import ANSWER_AWAITED, RUNNING, SNOOZED, TO_RESOLVE
from tickets.rendering import moment_text
from tickets.services.conversation import wake
from tickets.services.lifecycle import shut
from tickets.services.locking import locked_by_clock
from tickets.services.settings import ticket_settings
from tickets.states import Side

logger = structlog.get_logger(__name__)
AT_ONCE = 500


@dataclass(frozen=True)
class Silence:
    """When a silent ticket is reminded of, and when it is closed."""

    remind_after: timedelta
    close_after: timedelta
    notice: timedelta
    close_unanswered: bool

    @classmethod
    def configured(cls) -> Silence | None:
        """None: tickets are not closed by themselves."""
        section = ticket_settings()
        close_after = timedelta(hours=section["auto_close_hours"])
        if not close_after:
            return None
        # A short silence is announced half-way through it.
        notice = min(timedelta(hours=section["auto_close_warning_hours"]), close_after / 2)
        return cls(close_after - notice, close_after, notice, section["auto_close_unanswered"])

    def closes(self, side: str) -> bool:
        """A member who waits for staff is not shown the door, unless somebody wants it so."""
        return side == Side.OWNER or self.close_unanswered


def watch_tickets() -> dict[str, int]:
    """Do all that is due now; how many of each. For the worker, every half minute."""
    silence = Silence.configured()
    done = {"woken": _wake_due(), "overdue": _mark_overdue()}
    if silence is not None:
        # Closing first: who is reminded now is closed after the notice, not at once.
        done |= {"closed": _close_silent(silence), "reminded": _remind(silence)}
    return done


def _each(due: Q, act: Callable[[Ticket, datetime], bool]) -> int:
    now = timezone.now()
    keys = Ticket.objects.filter(due).order_by().values_list("pk", flat=True)[:AT_ONCE]
    return sum(_try(key, due, act, now) for key in list(keys))


def _try(key: int, due: Q, act: Callable[[Ticket, datetime], bool], now: datetime) -> bool:
    """One ticket that cannot be looked after must not keep the others from it."""
    try:
        return _one(key, due, act, now)
    except Exception as error:
        logger.warning("ticket_not_looked_after", ticket=key, exc_info=error)
        return False


@transaction.atomic
def _one(key: int, due: Q, act: Callable[[Ticket, datetime], bool], now: datetime) -> bool:
    ticket = locked_by_clock(key)
    if ticket is None or not Ticket.objects.filter(due, pk=key).exists():
        return False  # somebody was faster
    return act(ticket, now)


def _wake_due() -> int:
    def act(ticket: Ticket, _now: datetime) -> bool:
        wake(ticket, None)
        return True

    return _each(SNOOZED & Q(snoozed_until__lte=timezone.now(), deleted_at=None), act)


def _remind(silence: Silence) -> int:
    def act(ticket: Ticket, now: datetime) -> bool:
        ticket.reminded_at = now
        closes_at = max(ticket.quiet_since + silence.close_after, now + silence.notice)
        facts: dict[str, Any] = {"awaiting": ticket.awaiting, "closes_at": None}
        if silence.closes(ticket.awaiting):
            facts["closes_at"] = moment_text(closes_at)
        stream.append(
            ticket,
            TicketEvent.Type.REMINDED,
            None,
            changed=["reminded_at"],
            facts=facts,
            internal=ticket.awaiting == Side.STAFF,
        )
        return True

    quiet = Q(quiet_since__lte=timezone.now() - silence.remind_after, reminded_at=None)
    return _each(RUNNING & ~SNOOZED & quiet, act)


def _close_silent(silence: Silence) -> int:
    def act(ticket: Ticket, _now: datetime) -> bool:
        shut(ticket, None, {"reason": "inactive"})
        return True

    now = timezone.now()
    quiet = Q(quiet_since__lte=now - silence.close_after, reminded_at__lte=now - silence.notice)
    if not silence.close_unanswered:
        quiet &= Q(awaiting=Side.OWNER)
    return _each(RUNNING & ~SNOOZED & quiet, act)


def _mark_overdue() -> int:
    def act(clock: str) -> Callable[[Ticket, datetime], bool]:
        def mark(ticket: Ticket, _now: datetime) -> bool:
            column = f"{clock}_overdue"
            setattr(ticket, column, True)
            facts = {"clock": clock, column: True}
            stream.append(
                ticket, TicketEvent.Type.OVERDUE, None, changed=[column], facts=facts, internal=True
            )
            return True

        return mark

    now = timezone.now()
    return _each(ANSWER_AWAITED & Q(first_answer_due_at__lte=now), act("answer")) + _each(
        TO_RESOLVE & Q(resolution_due_at__lte=now), act("resolution")
    )
