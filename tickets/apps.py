from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from hazesite.outgoing import transports
        from hazesite.realtime.streams import register
        from tickets import jobs, sockets, subscribers  # noqa: F401 - they register themselves
        from tickets.stream import TicketStreams
        from tickets.webhook_transport import WebhookTransport

        register(TicketStreams())
        transports.register(WebhookTransport())
