from __future__ import annotations

from django.apps import AppConfig


class MemesConfig(AppConfig):
    name = "community.memes"

    def ready(self) -> None:
        from community.memes import jobs, personal, services  # noqa: F401 - they register themselves

        personal.register()
