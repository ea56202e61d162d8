from __future__ import annotations

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from analytics import audit, examinations, health, jobs, metrics, personal  # noqa: F401 - they register themselves
        from analytics.collecting import note_call, note_event
        from hazesite import partitions, quick
        from hazesite.realtime import handlers

        handlers.WATCHERS.append(note_event)
        quick.WATCHERS.append(note_call)
        partitions.COLUMNS["analytics_featureuse"] = "at"
        personal.register()
