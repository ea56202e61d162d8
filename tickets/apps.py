from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from hazesite import quick
        from hazesite.outgoing import transports
        from hazesite.realtime.streams import register
        from hazesite.uploads import allow_large
        from tickets import audit, figures, jobs, metrics, personal, sockets, subscribers  # noqa: F401
        from tickets.live import TicketStreams
        from tickets.search.index import watch_after_migrating
        from tickets.services.attachments import MAX_BYTES_AT_ONCE
        from tickets.views.quick import WAYS
        from tickets.webhook_transport import WebhookTransport

        register(TicketStreams())
        quick.WAYS += WAYS
        personal.register()
        transports.register(WebhookTransport())
        allow_large(r"/api/tickets/[^/]+/attachments", MAX_BYTES_AT_ONCE + 2**20)
        post_migrate.connect(watch_after_migrating, sender=self)
