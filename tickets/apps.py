from __future__ import annotations

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from hazesite.realtime.streams import register
        from tickets import sockets  # noqa: F401 - registers its handlers
        from tickets.search.index import watch_after_migrating
        from tickets.stream import TicketStreams

        register(TicketStreams())
        post_migrate.connect(watch_after_migrating, sender=self)
