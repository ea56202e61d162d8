from __future__ import annotations

from django.apps import AppConfig


class BotConfig(AppConfig):
    name = "bot"

    def ready(self) -> None:
        from bot import elsewhere, examinations, health, personal  # noqa: F401 - they register themselves

        personal.register()
