from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from hazesite.health.registry import DATABASE, Result, check, ok, warning
from hazesite.outgoing.models import Delivery
from notifications.services.telling import PUSH

PATIENCE = timedelta(minutes=5)


@check("notifications", lane=DATABASE)
def notifications() -> Result:
    """Off without credentials of FCM. A warning when pushes fail again and again."""
    if settings.FCM_CREDENTIALS is None:
        return ok(enabled=False)
    failing = Delivery.objects.waiting().filter(
        transport=PUSH,
        state=Delivery.State.FAILED,
        attempts__gt=1,
        created_at__lt=timezone.now() - PATIENCE,
    )
    count = failing.order_by()[:1000].count()
    return warning("Pushes fail again and again", enabled=True, failing=count) if count else ok(enabled=True)
