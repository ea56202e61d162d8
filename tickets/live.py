"""The tickets as the hub knows them: their streams, and who has which of them open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Max, Min

from hazesite.realtime.publication import Frame, Part, Publication
from hazesite.realtime.streams import Head, Streams
from tickets import stream
from tickets.models import Ticket, TicketEvent
from tickets.services.presence import keep_present

REPLAYED_AT_ONCE = 500


class TicketStreams(Streams):
    """What the hub compares itself with."""

    def heads(self, streams: Collection[str]) -> dict[str, Head]:
        rows = Ticket.objects.filter(public_id__in=[_id(name) for name in streams])
        found = rows.values_list("public_id", "last_seq", "last_public_seq")
        return {
            stream.stream_of(ticket_id): Head(last, _announcement(ticket_id, last, public))
            for ticket_id, last, public in found
        }

    def moved_since(self, moment: datetime) -> dict[str, tuple[int, int]]:
        rows = TicketEvent.objects.filter(at__gt=moment).order_by().values("ticket__public_id")
        moved = rows.annotate(first=Min("seq"), last=Max("seq"))
        return {stream.stream_of(row["ticket__public_id"]): (row["first"], row["last"]) for row in moved}

    def replay(self, name: str, after: int) -> list[Publication]:
        ticket = Ticket.objects.select_related("owner").filter(public_id=_id(name)).first()
        if ticket is None:
            return []
        found = stream.steps(ticket, after, staff=True, limit=REPLAYED_AT_ONCE)
        return [stream.publication(event) for event in found]

    def present(self, streams: Mapping[str, Collection[int]], announce: Collection[str]) -> list[Publication]:
        return keep_present(
            {_id(name): users for name, users in streams.items()}, {_id(name) for name in announce}
        )


def _id(name: str) -> str:
    return name.partition(":")[2]


def _announcement(ticket_id: str, last: int, public: int) -> Publication:
    heads = ((True, last), (False, public))
    return Publication(
        tuple(
            Part(
                (stream.room_of(ticket_id, staff=staff),),
                (Frame.of("head", {"ticket_id": ticket_id, "seq": seq}),),
            )
            for staff, seq in heads
        )
    )
