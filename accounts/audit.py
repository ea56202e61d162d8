"""What of the accounts goes into the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver

from accounts.events import (
    AccessChanged,
    PasswordSetByStaff,
    PersonAdded,
    PersonErased,
    PersonExported,
    SignedOutByStaff,
)
from accounts.models import User
from hazesite import origin
from hazesite.audit.services import PERSON, changes, record
from hazesite.events import subscribe


@subscribe(AccessChanged)
def access_changed(changed: AccessChanged) -> None:
    before, after = changes(changed.before, changed.after)
    if not after:
        return
    verb = "user.role_changed"
    if "blocked" in after:
        verb = "user.blocked" if after["blocked"] else "user.unblocked"
    record(verb, PERSON, changed.user_id, actor_id=changed.actor_id, before=before, after=after)


@subscribe(SignedOutByStaff)
def signed_out(ended: SignedOutByStaff) -> None:
    facts = {"sign_ins": ended.count}
    record("user.signed_out", PERSON, ended.user_id, actor_id=ended.actor_id, after=facts)


@subscribe(PersonAdded)
def added(person: PersonAdded) -> None:
    record("user.added", PERSON, person.user_id, actor_id=person.actor_id, after={"role": person.role})


@subscribe(PasswordSetByStaff)
def password_set(change: PasswordSetByStaff) -> None:
    record("user.password_set", PERSON, change.user_id, actor_id=change.actor_id)


@subscribe(PersonExported)
def exported(export: PersonExported) -> None:
    record("user.exported", PERSON, export.user_id, actor_id=export.actor_id)


@subscribe(PersonErased)
def erased(erasure: PersonErased) -> None:
    record(f"user.erasure_{erasure.step}", PERSON, erasure.user_id, actor_id=erasure.actor_id)


@receiver(user_logged_in)
def signed_in_at_the_admin(user: User, **_signal: Any) -> None:
    """The only sign-ins with a cookie there are. Whoever comes in without a request is a test or a script."""
    if user.is_staff and origin.current().door != "system":
        with transaction.atomic():
            record("admin.login", PERSON, user.pk, actor_id=user.pk)
