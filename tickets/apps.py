from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from hazesite.realtime.streams import register
        from hazesite.uploads import allow_large
        from tickets import jobs, sockets  # noqa: F401 - they register themselves
        from tickets.services.attachments import MAX_BYTES_AT_ONCE
        from tickets.stream import TicketStreams

        register(TicketStreams())
        allow_large(r"/api/tickets/[^/]+/attachments", MAX_BYTES_AT_ONCE + 2**20)
