from __future__ import annotations

from dataclasses import dataclass

from hazesite.events import Event


@dataclass(frozen=True)
class TicketMoved(Event):
    """A ticket's stream got one step: `kind` is its type, `event_id` its row, `internal`: for staff alone."""

    type = "ticket.moved"

    ticket_id: int
    event_id: int
    kind: str
    actor_id: int | None
    message_id: int | None
    internal: bool = False
