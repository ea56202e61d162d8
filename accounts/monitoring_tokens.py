"""Tokens of uptime monitors: each a session of one service user, read-only, for 90 days."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts import services, tokens
from accounts.errors import AddressNotAllowed, WrongSecret
from accounts.models import Session, SessionQuerySet, User
from accounts.services import Device
from hazesite import ratelimits
from hazesite.errors import NotAllowed

SECRETS_PER_ADDRESS = "10/5m"
NAME = "uptime_kuma_monitor"
ROTATION = "Rotation"
"""What the tokens are called that replace all before them."""
OWN = "For monitors of this site itself"
MAX_AGE, OVERLAP = timedelta(days=60), timedelta(days=7)


def issue(secret: str, asker: User | None, device: Device) -> Session:
    """For the shared secret, or an admin.

    Raises `AddressNotAllowed`, `WrongSecret`, `TooMany`, and `NotAllowed` for others who are signed in.
    """
    _require_known_address(device.address)
    if asker is not None and not secret:
        if not asker.is_admin:
            raise NotAllowed
        made_by = f"By {asker.username}"
    else:
        _require_secret(secret, ratelimits.household(device.address))
        made_by = "With the secret"
    return services.start_session(_service_user(), device, Session.Kind.MONITORING, name=made_by)


def _require_secret(secret: str, address: str) -> None:
    """Raises `WrongSecret`, and `TooMany` for an address that guesses."""
    ratelimits.check("monitoring-secret", address, SECRETS_PER_ADDRESS)
    expected = settings.API_MONITORING_SECRET
    if not (expected and hmac.compare_digest(secret.encode(), expected.encode())):
        ratelimits.spend("monitoring-secret", address, SECRETS_PER_ADDRESS)
        raise WrongSecret


def _require_known_address(address: str | None) -> None:
    allowed = settings.MONITORING_ALLOWED_IPS
    if not allowed:
        return
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError as error:
        raise AddressNotAllowed from error
    known = getattr(known, "ipv4_mapped", None) or known
    if not any(known in network for network in allowed):
        raise AddressNotAllowed


def _service_user() -> User:
    user: User
    user, _created = User.objects.get_or_create(
        username=NAME, is_service=True, defaults={"password": make_password(None)}
    )
    return user


@dataclass(frozen=True)
class Rotation:
    """`newest` is the token to use from now on; `is_new`: it was made just now."""

    newest: Session
    is_new: bool
    revoked: int


@transaction.atomic
def rotate(max_age: timedelta = MAX_AGE, overlap: timedelta = OVERLAP) -> Rotation:
    """A new token when the newest is older than `max_age` (or there is none); an end to what it replaced.

    All tokens that are older than the one of the last rotation stay good for `overlap` after it.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=_service_user().pk)
    now = timezone.now()
    newest = _live().first()
    is_new = newest is None or newest.created_at < now - max_age
    if newest is None or is_new:
        newest = services.start_session(user, Device(), Session.Kind.MONITORING, name=ROTATION)
    return Rotation(newest, is_new, _revoke_replaced(now - overlap))


def own_token() -> str:
    """For this site's monitors of itself: of the newest live session. One query.

    Where there is none, or it ends within a week, one is made, and nothing else ends for that: a monitor of
    ours is not red because nobody thought of a token. Empty while an admin has blocked the service user.
    """
    newest = _live().select_related("user").first()
    if newest is None or tokens.expires_at(newest) < (timezone.now() + OVERLAP).timestamp():
        newest = _made_for_ourselves()
    return tokens.issue(newest) if newest is not None else ""


@transaction.atomic
def _made_for_ourselves() -> Session | None:
    user = _service_user()
    if not user.is_active:
        return None
    return services.start_session(user, Device(), Session.Kind.MONITORING, name=OWN)


def _live() -> SessionQuerySet:
    """The newest first."""
    ours = Session.objects.live().filter(user__username=NAME, user__is_service=True)
    return ours.filter(kind=Session.Kind.MONITORING).order_by("-created_at", "-pk")


def _revoke_replaced(before: datetime) -> int:
    last = _live().filter(name=ROTATION, created_at__lt=before).first()
    replaced = list(_live().filter(created_at__lt=last.created_at)) if last is not None else []
    for session in replaced:
        services.end_session(session, "rotated")
    return len(replaced)
