"""People who went out to sign in with Discord and are not back yet."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import LoginAttempt
from hazesite.housekeeping import chore

LIFE = timedelta(minutes=10)


@chore
def clear_login_attempts() -> int:
    """Forget attempts from which nobody came back in time."""
    cleared, _rows = LoginAttempt.objects.filter(created_at__lt=timezone.now() - LIFE).delete()
    return cleared
