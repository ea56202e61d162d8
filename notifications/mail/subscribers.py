from __future__ import annotations

from hazesite.alerts import ALERTERS
from hazesite.events import subscribe
from notifications.mail import queueing
from notifications.mail.switch import is_on
from notifications.services.telling import WAYS, Way
from tickets.events import TicketMoved
from tickets.models import TicketEvent

WAYS.append(Way(is_on, queueing.missed))
ALERTERS.append(queueing.alert)


@subscribe(TicketMoved)
def mail_transcript(moved: TicketMoved) -> None:
    if moved.kind == TicketEvent.Type.CLOSED:
        queueing.transcript(moved.ticket_id, moved.event_id)
