from __future__ import annotations

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import health  # noqa: F401 - it registers itself
        from analytics.collecting import note_event
        from hazesite.realtime import handlers

        handlers.WATCHERS.append(note_event)
