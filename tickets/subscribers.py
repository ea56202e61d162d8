"""What follows from a step of a ticket, in the transaction of the step. Only rows are written here."""

from __future__ import annotations

from hazesite.events import subscribe
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from tickets import prepared
from tickets.events import TicketMoved


@subscribe(TicketMoved)
def queue_webhooks(moved: TicketMoved) -> None:
    """One small query, and one more when somebody wants to hear of it.

    Asked each time: a cache would make a new webhook deaf, or a disabled one loud, for as long as it lives.
    """
    rows = prepared.enabled_webhooks()
    wanted = [row.pk for row in rows if row.wants(moved.kind, internal=moved.internal)]
    queue(
        Delivery(
            transport="webhook",
            target=str(pk),
            thing=f"ticket-event:{moved.event_id}",
            # In order within a ticket; a receiver that stumbles over one ticket hears of the others.
            lane=f"webhook:{pk}:{moved.ticket_id}",
            payload={"event": moved.event_id},
        )
        for pk in wanted
    )
