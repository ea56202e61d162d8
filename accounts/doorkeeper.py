"""Who is at a socket, asked of the accounts."""

from __future__ import annotations

import time
from collections.abc import Collection
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.http import HttpRequest

from accounts import services, tokens
from accounts.errors import Unauthenticated
from accounts.models import Session, User
from accounts.roles import Role
from hazesite.realtime.doorkeeper import Doorkeeper, Identity, Unauthorized


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
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request = HttpRequest()
        request.session = store(cookies.get(settings.SESSION_COOKIE_NAME))
        if SESSION_KEY not in request.session:
            raise Unauthorized
        user = get_user(request)
        if not isinstance(user, User) or not user.is_active:
            raise Unauthorized
        return _identity(user, "", time.time() + request.session.get_expiry_age())

    def person(self, identity: Identity) -> User:
        try:
            if identity.session:
                return services.session_behind(identity.session).user
        except Unauthenticated as error:
            raise Unauthorized from error
        user: User | None = User.objects.filter(pk=identity.user_id, is_active=True).first()
        if user is None:
            raise Unauthorized
        return user

    def gone(self, identities: Collection[Identity]) -> set[Identity]:
        keys = {identity.session for identity in identities if identity.session}
        live = set(Session.objects.live().filter(key__in=keys).values_list("key", flat=True))
        people = User.objects.filter(pk__in={identity.user_id for identity in identities}, is_active=True)
        roles = {user.pk: user.role.value for user in people}
        return {
            identity
            for identity in identities
            if (identity.session and identity.session not in live)
            or roles.get(identity.user_id) != identity.role
        }


def _identity(user: User, session: str, expires_at: float) -> Identity:
    return Identity(user.pk, user.username, user.role.value, session, expires_at)
