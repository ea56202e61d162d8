"""What follows from a step of a ticket or a rank-up, in its transaction: one row, however many hear of it."""

from __future__ import annotations

from django.utils import timezone

from community.rocketleague.events import RankedUp
from hazesite.events import subscribe
from hazesite.prepared_writes import insert_row
from notifications import jobs
from notifications.events import Announced
from notifications.models import Untold
from notifications.services.telling import GATHER, has_teller, has_unread
from tickets.events import TicketMoved, TicketRead
from tickets.models import TicketEvent

Type = TicketEvent.Type
TOLD = frozenset(
    [
        Type.CREATED, Type.MESSAGE, Type.ASSIGNED, Type.TRANSFERRED, Type.CLAIMED, Type.CLOSED, Type.REOPENED,
        Type.REMINDED, Type.EDITED,
    ]
)  # fmt: skip


@subscribe(TicketMoved)
def tell(moved: TicketMoved) -> None:
    """The row waits for a job, which tells of all steps of a moment together."""
    if moved.kind in TOLD:
        insert_row(Untold(event_id=moved.event_id))
        now = timezone.now()
        if not has_teller(now):
            jobs.tell_waiting.using(run_after=now + GATHER).enqueue()


@subscribe(TicketMoved)
def take_back_deleted(moved: TicketMoved) -> None:
    if moved.kind in (Type.DELETED_MESSAGE, Type.DELETED):
        jobs.take_back_deleted.enqueue(moved.ticket_id, moved.message_id)


@subscribe(RankedUp)
def tell_rank_up(rose: RankedUp) -> None:
    jobs.tell_rank_up.enqueue(rose.rank_up_id)


@subscribe(TicketRead)
def take_back(read: TicketRead) -> None:
    """One small query, and a job where something had been told."""
    if has_unread(read.ticket_id, read.user_id):
        jobs.take_back_read.enqueue(read.ticket_id, read.user_id)


@subscribe(Announced)
def tell_everybody(announced: Announced) -> None:
    jobs.tell_everybody.enqueue(announced.broadcast_id)
