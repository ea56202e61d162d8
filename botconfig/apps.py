from __future__ import annotations

from django.apps import AppConfig


class BotconfigConfig(AppConfig):
    name = "botconfig"
