"""What `manage.py check`, and each start, says about this app."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as Caution

SERVER_KEY = (
    "FCM_SERVER_KEY is set, but Google switched such keys off in 2024: nothing is pushed. Make a service "
    "account in Firebase's console (Project settings, Service accounts), and set FCM_CREDENTIALS to its file."
)


@register
def server_key(app_configs: Any, **_options: Any) -> list[CheckMessage]:
    lost = settings.FCM_SERVER_KEY and settings.FCM_CREDENTIALS is None
    return [Caution(SERVER_KEY, id="notifications.W001")] if lost else []
