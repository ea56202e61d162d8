"""How much is said."""

from __future__ import annotations

from django.db import transaction

from hazesite.events import subscribe
from hazesite.metrics.counters import counter
from tickets.events import TicketMoved
from tickets.models import TicketEvent

_posted = counter("hazebot_messages_posted", "Messages and notes that were stored.", ("kind",))
# By what a subscriber is told; a child is looked up once.
_message, _note = _posted.labels("message"), _posted.labels("note")


@subscribe(TicketMoved)
def count_what_is_said(moved: TicketMoved) -> None:
    if moved.kind == TicketEvent.Type.MESSAGE:
        transaction.on_commit((_note if moved.internal else _message).inc)
