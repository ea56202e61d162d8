"""Signing in and out, and who has an account."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import CharField
from django.utils import timezone

from accounts import tokens
from accounts.access import change_access as change_access  # the doors ask for all of it here
from accounts.discord_login import membership
from accounts.ending import end_locked
from accounts.ending import end_session as end_session
from accounts.ending import end_sessions_of as end_sessions_of
from accounts.errors import Erased, NameTaken, TokenReused, Unauthenticated, WrongCredentials
from accounts.events import PasswordSetByStaff, PersonAdded, SessionStarted, SignedOutByStaff
from accounts.models import Session, User
from accounts.roles import Role
from hazesite import ratelimits
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.housekeeping import chore
from hazesite.prepared import Prepared, Slot

FAILURES_PER_NAME, FAILURES_PER_ADDRESS = "10/5m", "30/5m"
SEEN_EVERY = timedelta(seconds=60)
KEEP_DEAD = timedelta(days=30)
REFRESHABLE = (Session.Kind.LOGIN, Session.Kind.HANDOVER)


@dataclass(frozen=True)
class Device:
    """What a client says of itself. None of it is trusted."""

    address: str | None = None
    platform: str = ""
    app_version: str = ""
    name: str = ""


# --- signing in and out ------------------------------------------------------
def sign_in(username: str, password: str, device: Device) -> Session:
    """Raises `WrongCredentials`, in the same time for an unknown name, and `TooMany`."""
    name, address = username.casefold(), ratelimits.household(device.address)
    ratelimits.check("login-name", name, FAILURES_PER_NAME)
    ratelimits.check("login-address", address, FAILURES_PER_ADDRESS)
    user = User.objects.filter(username=username, is_service=False).first()
    if user is None:
        make_password(password)  # as slow as looking at a real one
    if user is None or not user.check_password(password) or not user.is_active:
        ratelimits.spend("login-name", name, FAILURES_PER_NAME)
        ratelimits.spend("login-address", address, FAILURES_PER_ADDRESS)
        raise WrongCredentials
    return start_session(user, device)


@transaction.atomic
def start_session(user: User, device: Device, kind: str = Session.Kind.LOGIN, *, name: str = "") -> Session:
    now = timezone.now()
    user.sessions.filter(expires_at__lt=now - KEEP_DEAD).delete()
    session = Session.objects.create(
        user=user,
        kind=kind,
        name=name[:100],
        generation_at=now,
        expires_at=_end_of_refreshing(kind, now),
        **_described(device),
    )
    User.objects.filter(pk=user.pk).update(last_login=now)
    publish(SessionStarted(session.pk, user.pk))
    return session


def _end_of_refreshing(kind: str, now: datetime) -> datetime:
    return now + tokens.ttl(kind) + tokens.refresh_window(kind)


def _described(device: Device) -> dict[str, Any]:
    return {
        "address": device.address,
        "platform": device.platform[:20],
        "app_version": device.app_version[:40],
        "device": device.name[:200],
    }


def authenticate(token: str) -> Session:
    """The live session behind a token, with its user as they are now. Raises `Unauthenticated`. One query."""
    try:
        claims = tokens.read(token)
    except tokens.BadToken as error:
        raise Unauthenticated from error
    return session_behind(claims.session, claims.generation)


_by_key = Prepared(
    lambda: Session.objects.select_related("user").filter(key=Slot("key", CharField())).order_by()
)


def session_behind(key: str, generation: int | None = None) -> Session:
    """Raises `Unauthenticated` unless the session lives (and accepts that generation). One query."""
    session = _by_key.first(key=key)
    if session is None or not session.is_live:
        raise Unauthenticated
    if generation is not None and not session.accepts(generation):
        raise Unauthenticated
    return session


def note_seen(session: Session, device: Callable[[], Device]) -> None:
    """Remember when and from where a session was last used: a write once a minute, not one a request.

    Only then the device is asked for.
    """
    now = timezone.now()
    if now - session.last_seen_at < SEEN_EVERY:
        return
    described = {name: value for name, value in _described(device()).items() if value}
    stale = Session.objects.filter(pk=session.pk, last_seen_at=session.last_seen_at)
    stale.update(last_seen_at=now, **described)


def refresh(token: str) -> Session:
    """The session with a new generation, or as it is for a token in its grace.

    A token older than that was stolen, from us or by us: the session ends. Raises `Unauthenticated`.
    Asks Discord first where nobody else follows the guild, so never call it inside a transaction.
    """
    try:
        claims = tokens.read(token, late=tokens.REFRESH_WINDOW)
    except tokens.BadToken as error:
        raise Unauthenticated from error
    membership.reread(claims.session, claims.generation)
    session, reused = _rotate(claims)
    if reused:
        raise TokenReused
    return session


@transaction.atomic
def _rotate(claims: tokens.Claims) -> tuple[Session, bool]:
    session = (
        Session.objects.select_related("user")
        .select_for_update(no_key=True, of=("self",))
        .filter(key=claims.session, kind__in=REFRESHABLE)
        .first()
    )
    if session is None or not session.is_live:
        raise Unauthenticated
    if claims.generation == session.generation:
        now = timezone.now()
        session.kind = Session.Kind.LOGIN
        session.generation += 1
        session.generation_at = session.last_seen_at = now
        session.expires_at = _end_of_refreshing(session.kind, now)
        session.save(update_fields=["kind", "generation", "generation_at", "last_seen_at", "expires_at"])
    elif not session.in_grace(claims.generation):
        end_locked(session, "token_reused")
        return session, True
    elif claims.is_handover:
        raise Unauthenticated  # it is good for one refresh
    return session, False


def end_own_session(user: User, key: str) -> None:
    """Raises `NotFound` for somebody else's."""
    session = Session.objects.live().filter(user=user, key=key).first()
    if session is None:
        raise NotFound
    end_session(session, "ended_by_user")


def end_session_as(actor: User, session: Session) -> None:
    """An admin may end anybody's, a moderator a lootling's. Raises `NotAllowed`."""
    _require_power_over(actor, session.user)
    with transaction.atomic():
        if end_session(session, "ended_by_staff"):
            publish(SignedOutByStaff(session.user_id, actor.pk, 1))


def end_sessions_as(actor: User, user: User) -> int:
    """As `end_session_as`, for all of one person."""
    _require_power_over(actor, user)
    with transaction.atomic():
        count = end_sessions_of(user, "ended_by_staff")
        publish(SignedOutByStaff(user.pk, actor.pk, count))
    return count


def _require_power_over(actor: User, user: User) -> None:
    if not (actor.is_admin or (actor.is_staff and user.role == Role.LOOTLING)):
        raise NotAllowed


@chore
def clear_dead_sessions() -> int:
    """Forget sign-ins that ended, or could last be refreshed, more than 30 days ago."""
    limit = timezone.now() - KEEP_DEAD
    ended, _rows = Session.objects.filter(ended_at__lt=limit).delete()
    expired, _rows = Session.objects.filter(expires_at__lt=limit).delete()
    return ended + expired


# --- accounts ----------------------------------------------------------------
@transaction.atomic
def add_user(
    username: str, password: str, role: str, *, is_active: bool = True, actor: User | None = None
) -> User:
    """Raises `NameTaken`, and Django's `ValidationError` for a name that cannot be one.

    `actor` None is the environment, or a command.
    """
    if User.objects.filter(username=username).exists():
        raise NameTaken
    user = User(username=username, granted_role=role, is_active=is_active)
    user.set_password(password)
    user.full_clean()
    user.save()
    publish(PersonAdded(user.pk, actor.pk if actor else None, user.role.value))
    return user


@transaction.atomic
def set_password(user: User, password: str, actor: User | None = None) -> None:
    """A new password ends every session: whoever had the old one is out."""
    end_sessions_of(user, "password_changed")  # first, so that their sockets are told
    user.set_password(password)
    user.save(update_fields=["password"])
    if actor is not None:
        publish(PasswordSetByStaff(user.pk, actor.pk))


def keep_configured_user(username: str, password: str, role: str) -> User:
    """An account the environment asks for: exactly this password and role, whatever was there before."""
    user: User | None = User.objects.filter(username=username).first()
    if user is None:
        return add_user(username, password, role)
    if not user.check_password(password):
        set_password(user, password)
    if user.granted_role != role or not user.is_active:
        with suppress(Erased):  # soon nobody has that name; at the next start there is a new account of it
            change_access(user, None, granted_role=role, is_active=True)
    return user


def has_admin() -> bool:
    staff = User.objects.staff()
    return any(user.role == Role.ADMIN for user in staff)
