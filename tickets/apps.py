from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from hazesite.realtime.streams import register
        from tickets import figures, jobs, sockets  # noqa: F401 - they register themselves
        from tickets.live import TicketStreams

        register(TicketStreams())
