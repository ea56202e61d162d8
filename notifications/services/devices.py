"""Where people can be reached."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from hazesite.errors import NotFound
from hazesite.housekeeping import chore
from notifications.errors import TooManyDevices
from notifications.models import Device

MAX_DEVICES = 20
IDLE_LIMIT = timedelta(days=270)
"""Google takes a token for dead after so long."""
SELDOM_USED = timedelta(days=30)


def devices_of(user: User) -> QuerySet[Device]:
    return Device.objects.filter(user=user)


def digest_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


@transaction.atomic
def register_device(
    user: User, address: str, platform: str, *, kind: str = Device.AddressKind.TOKEN, info: str = ""
) -> Device:
    """Once more is as good as once; an address another person had is this one's from now on.

    The address decides, not the person: whoever holds the phone is signed in on it. Raises `TooManyDevices`.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    digest = digest_of(address)
    known = Device.objects.filter(digest=digest).first()
    now_theirs = {"user": user, "muted_kinds": []}
    if known is None or known.user_id != user.pk:
        _make_room(user)
    else:
        now_theirs = {}
    fresh = {"platform": platform, "kind": kind, "info": info, "last_seen_at": timezone.now(), **now_theirs}
    device, _made = Device.objects.update_or_create(
        digest=digest, defaults=fresh, create_defaults={**fresh, "address": address}
    )
    return device


def _make_room(user: User) -> None:
    """Apps that were installed anew leave their old tokens behind: the longest unused one goes."""
    devices = Device.objects.filter(user=user).order_by("last_seen_at")
    if devices.count() < MAX_DEVICES:
        return
    oldest = devices.first()
    if oldest is None or oldest.last_seen_at > timezone.now() - SELDOM_USED:
        raise TooManyDevices
    oldest.delete()


def forget_device(user: User, address: str) -> None:
    """Raises `NotFound`: also for somebody else's."""
    gone, _rows = Device.objects.filter(user=user, digest=digest_of(address)).delete()
    if not gone:
        raise NotFound


@chore
def forget_idle_devices() -> int:
    gone, _rows = Device.objects.filter(last_seen_at__lt=timezone.now() - IDLE_LIMIT).delete()
    return gone
