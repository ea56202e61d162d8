from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import audit, examinations, health, jobs, personal, schema  # noqa: F401 - they register themselves
        from accounts.discord_login import attempts  # noqa: F401 - its chore
        from accounts.doorkeeper import AccountsDoorkeeper
        from hazesite.realtime.doorkeeper import appoint

        appoint(AccountsDoorkeeper())
        personal.register()
