"""What somebody was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from hazesite.api import bounded_total
from hazesite.housekeeping import chore
from notifications.models import Notification

KEEP = timedelta(days=90)


def notifications_of(user: User) -> QuerySet[Notification]:
    """One's own, with all their words need; one query."""
    rows = Notification.objects.filter(user=user)
    return rows.select_related("ticket", "event__actor", "event__message__author")


def unread_count(user: User) -> int:
    """Up to a thousand."""
    return bounded_total(Notification.objects.filter(user=user, read_at=None))


def mark_notifications_read(user: User, ids: Iterable[int] | None = None) -> int:
    """These, or all. How many that were. The tickets they are about are not read thereby."""
    rows = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return rows.update(read_at=timezone.now())


@chore
def forget_old_notifications() -> int:
    gone, _rows = Notification.objects.filter(created_at__lt=timezone.now() - KEEP).delete()
    return gone
