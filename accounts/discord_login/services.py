"""Signing in with Discord: an attempt goes out, a person comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.discord_login.attempts import LIFE
from accounts.discord_login.backend import profile_of, way_out
from accounts.errors import BadState, Blocked, DiscordLoginOff, NotStaff
from accounts.models import LoginAttempt, Session, User
from accounts.people import person_from_discord
from accounts.services import Device, start_session
from hazesite import ratelimits

ATTEMPTS_PER_ADDRESS = "30/5m"


@dataclass(frozen=True)
class Begun:
    auth_url: str
    key: str
    """Of the attempt; worth nothing to who does not know the state."""


def is_configured() -> bool:
    return bool(settings.DISCORD_CLIENT_ID and settings.DISCORD_CLIENT_SECRET and settings.DISCORD_GUILD_ID)


def begin(platform: str, address: str | None, next_path: str = "") -> Begun:
    """Raises `DiscordLoginOff`, `TooMany`."""
    if not is_configured():
        raise DiscordLoginOff
    ratelimits.spend("discord-login", ratelimits.household(address), ATTEMPTS_PER_ADDRESS)
    way = way_out()
    attempt = LoginAttempt.objects.create(
        key=_key(way.state), platform=platform, verifier=way.verifier, next_path=next_path
    )
    return Begun(way.auth_url, attempt.key)


def take(state: str) -> LoginAttempt:
    """The attempt behind a state, which is used up by this. Raises `BadState`: unknown, used or too old."""
    young = timezone.now() - LIFE
    attempt = LoginAttempt.objects.filter(key=_key(state), created_at__gt=young).first()
    if attempt is None:
        raise BadState
    deleted, _rows = LoginAttempt.objects.filter(pk=attempt.pk).delete()
    if not deleted:  # somebody else took it at this moment
        raise BadState
    return attempt


def hand_over(attempt: LoginAttempt, said: Mapping[str, str], device: Device) -> Session:
    """A sign-in whose first token is for a redirect. Raises what `_person` raises."""
    device = replace(device, platform=attempt.get_platform_display())
    return start_session(_person(attempt, said), device, Session.Kind.HANDOVER)


def staff_member(attempt: LoginAttempt, said: Mapping[str, str], key_of_browser: str) -> User:
    """Who may enter the admin site. Raises `NotStaff`, and what `_person` raises.

    Raises `BadState` for another browser than the one it began in: else somebody could be led to sign in as
    somebody else.
    """
    if not constant_time_compare(attempt.key, key_of_browser):
        raise BadState
    user = _person(attempt, said)
    if not user.is_staff:
        raise NotStaff
    return user


def _person(attempt: LoginAttempt, said: Mapping[str, str]) -> User:
    """Raises `Blocked`, `NotAMember`, `LoginDenied`, `DiscordRefused`, `DiscordUnavailable`."""
    begun_at = attempt.created_at.timestamp()
    user = person_from_discord(profile_of(said, verifier=attempt.verifier, begun_at=begun_at))
    if not user.is_active:
        raise Blocked
    return user


def _key(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
