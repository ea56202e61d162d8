"""What `manage.py doctor` says of pushes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from hazesite.operations.doctor import Finding, doubtful, examination, well
from notifications.checks import SERVER_KEY

OLD_KEY_DAYS = 180


@examination("fcm")
def fcm() -> Iterator[Finding]:
    if settings.FCM_SERVER_KEY and settings.FCM_CREDENTIALS is None:
        yield doubtful("fcm", "FCM_SERVER_KEY is set, and pushes nothing", SERVER_KEY)
    elif settings.FCM_CREDENTIALS is None:
        yield well("fcm", "off (FCM_CREDENTIALS): phones are not pushed to")
    elif (days := _age_of_key()) is not None and days > OLD_KEY_DAYS:
        message = f"the key of FCM_CREDENTIALS is {days:.0f} days old"
        yield doubtful("fcm", message, "Make a new one in Firebase's console, and delete the old one there.")
    else:
        yield well("fcm", f"pushes as {settings.FCM_CREDENTIALS['client_email']}")


def _age_of_key() -> float | None:
    """In days, where it is a file."""
    named = os.environ.get("FCM_CREDENTIALS_FILE") or os.environ.get("FCM_CREDENTIALS", "")
    if not named or named.lstrip().startswith("{") or not Path(named).is_file():
        return None
    return (time.time() - Path(named).stat().st_mtime) / 86_400
