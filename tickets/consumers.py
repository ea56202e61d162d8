"""The Channels doors: one ticket, and the inbox of all one may see."""

from __future__ import annotations

from typing import Any

from hazesite.errors import Invalid
from hazesite.realtime.consumers import SocketConsumer
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame
from hazesite.realtime.sinks import Sink
from tickets import sockets
from tickets.stream import inbox_of


class TicketConsumer(SocketConsumer):
    """`/ws/tickets/<ticket_id>/`: joined by connecting; `?after_seq=` as in `join_ticket`."""

    def details(self) -> dict[str, Any]:
        return {"ticket_id": self.scope["url_route"]["kwargs"]["ticket_id"]}

    async def enter(self, sink: Sink) -> None:
        after_seq = self.query("after_seq")
        if after_seq and not (after_seq.isascii() and after_seq.isdigit()):
            raise Invalid
        place = {"after_seq": int(after_seq)} if after_seq else {}
        await sockets.join_ticket(sink, self.details() | place)


class InboxConsumer(SocketConsumer):
    """`/ws/tickets/`: every `ticket_update` of the tickets one may see, from now on."""

    async def enter(self, sink: Sink) -> None:
        reader = sockets.SocketReader.at(sink)
        hub.subscribe(sink, inbox_of(reader.pk, staff=reader.is_staff), "").open(0)
        # The list that is read after this has whatever was not told here.
        sink.push(Frame.of("joined_inbox", {}))
