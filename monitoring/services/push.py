"""Signs of life of what cannot be asked: somebody there calls in, and silence means down."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils import timezone

from hazesite import ratelimits
from monitoring.errors import UnknownPushToken
from monitoring.models import Monitor, MonitorState
from monitoring.services import standing
from monitoring.types.push import NO_NEWS

SIGNS_PER_MONITOR = "120/m"
WRONG_PER_ADDRESS = "30/m"


def take_sign(
    token: str, address: str | None, *, up: bool, message: str = NO_NEWS, ms: float | None = None
) -> Monitor:
    """Note that it lives, or with `up=False` that it says itself that it does not; an engine looks at once,
    and stores the message and the time as the answer of its check.

    Raises `UnknownPushToken` for a monitor that is paused too, and `TooMany`.
    """
    ratelimits.check("push-guesses", address or "unknown", WRONG_PER_ADDRESS)
    monitor = (
        Monitor.objects.filter(push_token=token, type="push", active=True).first()
        if token.isascii()
        else None
    )
    if monitor is None:
        ratelimits.spend("push-guesses", address or "unknown", WRONG_PER_ADDRESS)
        raise UnknownPushToken
    ratelimits.spend("push-signs", hashlib.sha256(token.encode()).hexdigest()[:32], SIGNS_PER_MONITOR)
    with transaction.atomic():
        now = timezone.now()
        MonitorState.objects.filter(monitor=monitor).update(
            pushed_at=now if up else None, pushed_message=message, pushed_ms=ms
        )
        standing.check_soon(monitor, now)
    return monitor
