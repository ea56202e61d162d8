"""Looking at tickets, and remembering how far somebody has read."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite.errors import NotFound
from tickets import prepared, stream
from tickets.errors import TicketGone
from tickets.models import KEEP_DELETED, Message, Reader, ReadMark, Ticket, TicketEvent
from tickets.rendering import MESSAGE, Json, message_json, message_of
from tickets.services.conversation import set_mark
from tickets.services.locking import locked

NEWEST = 100


@dataclass(frozen=True)
class History:
    """What somebody who comes (back) to a ticket has not seen yet."""

    messages: list[Json]
    events: list[TicketEvent] | None
    last_seq: int
    """How far this portion reaches, among the steps the reader may see."""
    stream_seq: int
    """How far the whole stream was when this was read."""
    complete: bool


def read_ticket(ticket_id: str, reader: User) -> Ticket:
    """With people, tags, last message, rating and `unread`. Raises `NotFound`. Two queries."""
    rows = Ticket.objects.visible_to(reader).as_shown_to(reader).select_related("merged_into", "rating")
    ticket = rows.filter(public_id=ticket_id).first()
    if ticket is None:
        raise NotFound
    return ticket


def ticket_page(ticket_id: str, reader: User) -> Json:
    """A ticket with its newest hundred messages, oldest first, as shown. Raises `NotFound`. Three queries."""
    page = prepared.ticket_page(ticket_id, reader)
    if page is None:
        raise NotFound
    page["messages"] = prepared.newest_messages(page["ticket_num"], reader, NEWEST)[::-1]
    return page


def visible_ticket(ticket_id: str, reader: Reader) -> Ticket:
    """Only the row and its owner. Raises `NotFound`."""
    rows = Ticket.objects.visible_to(reader).select_related("owner")
    ticket = rows.filter(public_id=ticket_id).first()
    if ticket is None:
        raise NotFound
    return ticket


def messages_of(
    ticket: Ticket,
    reader: Reader,
    *,
    after_seq: int | None = None,
    before_seq: int | None = None,
    limit: int = NEWEST,
) -> list[Json]:
    """As shown, oldest first: what follows `after_seq`, else the newest (before `before_seq`). One query."""
    if after_seq is None and before_seq is None:
        return prepared.newest_messages(ticket.pk, reader, limit)[::-1]
    rows = Message.objects.visible_to(reader).filter(ticket=ticket)
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    if after_seq is not None:
        found = rows.filter(seq__gt=after_seq).order_by("seq").values_list(*MESSAGE)[:limit]
        return [message_of(row) for row in found]
    return [message_of(row) for row in rows.order_by("-seq").values_list(*MESSAGE)[:limit]][::-1]


def stream_after(ticket_id: str, reader: User, after: int, limit: int) -> tuple[Ticket, list[TicketEvent]]:
    """Everything the reader may see after `after`, in order.

    Raises `TicketGone` for thirty days after a deletion to those who could see it, else `NotFound`.
    """
    ticket = prepared.ticket_row(ticket_id)
    if ticket is None or not (reader.is_staff or ticket.owner_id == reader.pk):
        raise NotFound
    if ticket.deleted_at is not None:
        raise TicketGone if timezone.now() - ticket.deleted_at < KEEP_DELETED else NotFound
    return ticket, stream.steps(ticket, after, staff=reader.is_staff, limit=limit)


def history(ticket_id: str, reader: Reader, after_seq: int | None, limit: int) -> History:
    """For a join: the newest messages, or with `after_seq` everything since, in portions of `limit`.

    Two queries, or one with `after_seq`. Subscribe before reading: what is committed later is live.
    Raises `NotFound`.
    """
    if after_seq is not None:
        return _history_since(ticket_id, reader, after_seq, limit)
    ticket = visible_ticket(ticket_id, reader)
    head = ticket.head_for(reader)
    newest = messages_of(ticket, reader, limit=limit)
    shown = [message for message in newest if message["seq"] <= head]
    return History(shown, None, head, ticket.last_seq, complete=True)


def _history_since(ticket_id: str, reader: Reader, after_seq: int, limit: int) -> History:
    # The step at `after_seq` is known to the reader, and brings its ticket along.
    found = prepared.steps_from(ticket_id, reader, after_seq, limit + 1)
    ticket = found[0].ticket if found else visible_ticket(ticket_id, reader)
    events = [event for event in found if event.seq > after_seq][:limit]
    complete = len(events) < limit
    reached = ticket.head_for(reader) if complete else events[-1].seq
    return History(_still_there(events), events, reached, ticket.last_seq, complete)


def _still_there(events: list[TicketEvent]) -> list[Json]:
    """The messages posted by these steps, but for those deleted since."""
    posted = (event.message for event in events if event.type == TicketEvent.Type.MESSAGE)
    return [message_json(message) for message in posted if message and message.deleted_at is None]


@transaction.atomic
def mark_read(ticket_id: str, reader: User, up_to_seq: int | None = None) -> None:
    """What came up to there is read, for this reader alone. A mark never moves back: requests may be late."""
    ticket = locked(ticket_id, reader)
    seq = ticket.last_seq if up_to_seq is None else min(up_to_seq, ticket.last_seq)
    before = ReadMark.objects.filter(ticket=ticket, user=reader).first()
    if before is not None and before.seq >= seq:
        return
    messages, notes = ticket.message_count, ticket.note_count
    if seq < ticket.last_seq:
        read = ticket.messages.filter(seq__lte=seq, deleted_at=None)
        messages, notes = read.filter(is_note=False).count(), read.filter(is_note=True).count()
    set_mark(ticket, reader, seq, messages, notes)
    stream.show_read(ticket, reader, seq)
