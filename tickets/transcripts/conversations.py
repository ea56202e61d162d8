from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.models import User
from hazesite.errors import NotFound
from tickets import stream
from tickets.models import Message, Ticket, TicketEvent
from tickets.transcripts.wording import people_in, sentence

PORTION = 500
SAID_ELSEWHERE = {TicketEvent.Type.EDITED, TicketEvent.Type.DELETED_MESSAGE}
"""What a reader sees at the message itself."""


@dataclass(frozen=True)
class Line:
    """A message as it is now, or a sentence about what happened."""

    event: TicketEvent
    message: Message | None
    sentence: str


@dataclass(frozen=True)
class Conversation:
    """A ticket as its reader may see it, up to the step that was its last when this was made."""

    ticket: Ticket
    reader: User

    @property
    def head(self) -> int:
        return self.ticket.head_for(self.reader)

    def portions(self) -> Iterator[list[TicketEvent]]:
        """All steps in order. One query each; memory for one portion."""
        after, staff = 0, self.reader.is_staff
        while after < self.head:
            found = stream.steps(self.ticket, after, staff=staff, limit=PORTION)
            if not found:
                return
            after = found[-1].seq
            yield [event for event in found if event.seq <= self.head]


def conversations(ticket_id: str, reader: User) -> list[Conversation]:
    """The ticket, then those merged into it that the reader may see. Raises `NotFound`."""
    rows = Ticket.objects.visible_to(reader).with_people().with_unread(reader)
    rows = rows.select_related("merged_into", "rating")
    found = list(rows.filter(public_id=ticket_id))
    if not found:
        raise NotFound
    latest = [ticket.pk for ticket in found]
    while latest:
        known = [ticket.pk for ticket in found]
        merged = list(rows.filter(merged_into__in=latest).exclude(pk__in=known).order_by("pk"))
        latest = [ticket.pk for ticket in merged]
        found += merged
    return [Conversation(ticket, reader) for ticket in found]


def lines(events: list[TicketEvent]) -> Iterator[Line]:
    """At most one query, for the names of people that steps know by their id."""
    names = _names(events)
    for event in events:
        message = event.message if event.type == TicketEvent.Type.MESSAGE else None
        if message is not None and message.deleted_at is None:
            yield Line(event, message, "")
        elif event.type not in SAID_ELSEWHERE:
            yield Line(event, None, sentence(event, names))


def _names(events: Iterable[TicketEvent]) -> dict[str, str]:
    ids = set().union(*(people_in(event) for event in events))
    people = User.objects.filter(user_id__in=ids) if ids else User.objects.none()
    return dict(people.values_list("user_id", "username"))
