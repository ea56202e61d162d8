from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import schema  # noqa: F401
        from accounts.doorkeeper import AccountsDoorkeeper
        from hazesite.realtime.doorkeeper import appoint

        appoint(AccountsDoorkeeper())
