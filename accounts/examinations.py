"""What `manage.py doctor` says of accounts."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.hashers import check_password

from accounts import services
from accounts.models import User
from hazesite.environment import is_weak
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well

DEFAULTS = ("admin", "password", "changeme", "hazebot", "admin123", "your-admin-password")


@examination("accounts")
def accounts() -> Iterator[Finding]:
    change = "Set API_ADMIN_PASS to a strong one, or change it in the admin."
    if not services.has_admin():
        yield ill("admin", "there is none", "manage.py adduser NAME --role admin")
        return
    first = User.objects.filter(username=settings.API_ADMIN_USER, is_active=True).first()
    if first is not None and any(
        check_password(word, first.password) for word in (*DEFAULTS, first.username)
    ):
        yield ill("admin", f"the password of {first.username} is a default one", change)
    elif settings.API_ADMIN_PASS and is_weak(settings.API_ADMIN_PASS):
        yield ill("admin", "API_ADMIN_PASS is a placeholder or a common password", change)
    else:
        yield well("admin", "there is one, without a default password")


@examination("monitoring secret")
def monitoring_secret() -> Iterator[Finding]:
    secret = settings.API_MONITORING_SECRET
    if not secret:
        yield well("monitoring secret", "not set: only admins get monitoring tokens")
    elif len(secret) < 16 or is_weak(secret):
        advice = "Choose 16 random characters or more."
        yield doubtful("monitoring secret", "API_MONITORING_SECRET is short or a placeholder", advice)
    else:
        yield well("monitoring secret", "set")
