from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from hazesite.realtime.streams import register
        from tickets import figures, jobs, sockets  # noqa: F401 - they register themselves
        from tickets.live import TicketStreams
        from tickets.search.index import watch_after_migrating

        register(TicketStreams())
        post_migrate.connect(watch_after_migrating, sender=self)
