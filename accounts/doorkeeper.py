"""Who is at a socket, asked of the accounts."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session as CookieSession
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import services, tokens
from accounts.errors import Unauthenticated
from accounts.models import Session, User
from accounts.roles import Role
from hazesite.realtime.doorkeeper import Doorkeeper, Identity, Unauthorized

COOKIE = "cookie:"
"""Before the key of a browser's session: such a sign-in is told apart from a token's."""


class AccountsDoorkeeper(Doorkeeper):
    def by_token(self, token: str) -> Identity:
        try:
            session = services.authenticate(token)
        except Unauthenticated as error:
            raise Unauthorized from error
        if session.user.role == Role.MONITORING:
            raise Unauthorized
        return _identity(session.user, session.key, tokens.read(token).expires_at)

    def by_cookie(self, cookies: dict[str, str]) -> Identity:
        """A cookie of the admin site."""
        key = cookies.get(settings.SESSION_COOKIE_NAME, "")
        row = CookieSession.objects.filter(session_key=key, expire_date__gt=timezone.now()).first()
        user = _person_of(row) if row else None
        if row is None or user is None:
            raise Unauthorized
        return _identity(user, f"{COOKIE}{key}", row.expire_date.timestamp())

    def person(self, identity: Identity) -> User:
        if identity.session.startswith(COOKIE):
            cookie = {settings.SESSION_COOKIE_NAME: identity.session.removeprefix(COOKIE)}
            known: User = User.objects.get(pk=self.by_cookie(cookie).user_id)
            return known
        try:
            return services.session_behind(identity.session).user
        except Unauthenticated as error:
            raise Unauthorized from error

    def gone(self, identities: Collection[Identity]) -> set[Identity]:
        live = _live_sign_ins({identity.session for identity in identities})
        people = User.objects.filter(pk__in={identity.user_id for identity in identities}, is_active=True)
        roles = {user.pk: user.role.value for user in people}
        return {
            identity
            for identity in identities
            if identity.session not in live or roles.get(identity.user_id) != identity.role
        }


def _live_sign_ins(sessions: Collection[str]) -> set[str]:
    """Which of these still stand, tokens' and cookies' alike."""
    cookies = {name.removeprefix(COOKIE) for name in sessions if name.startswith(COOKIE)}
    live = set(Session.objects.live().filter(key__in=sessions).values_list("key", flat=True))
    if cookies:
        rows = CookieSession.objects.filter(session_key__in=cookies, expire_date__gt=timezone.now())
        live |= {f"{COOKIE}{row.session_key}" for row in rows if _person_of(row)}
    return live


def _person_of(row: CookieSession) -> User | None:
    """Whose cookie it is; None when they signed out, were blocked, or have another password by now."""
    signed_in = row.get_decoded()
    user: User | None = User.objects.filter(pk=signed_in.get(SESSION_KEY), is_active=True).first()
    if user is None:
        return None
    return (
        user
        if constant_time_compare(signed_in.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        else None
    )


def _identity(user: User, session: str, expires_at: float) -> Identity:
    return Identity(user.pk, user.username, user.role.value, session, expires_at)
