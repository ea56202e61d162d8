from __future__ import annotations

from django.apps import AppConfig


class RocketLeagueConfig(AppConfig):
    name = "community.rocketleague"
    verbose_name = "Rocket League"

    def ready(self) -> None:
        from community.rocketleague import checking, jobs, personal, services  # noqa: F401 - they register themselves

        personal.register()
