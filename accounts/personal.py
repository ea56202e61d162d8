"""The accounts' own part of what is known of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as CookieSession
from django.db.models import Q
from django.utils import timezone

from accounts.models import Erasure, Session, User
from hazesite import personal_data
from hazesite.personal_data import LAST, Part, Rows, Trace

ACCOUNT = (
    "user_id", "username", "discord_id", "discriminator", "avatar", "granted_role", "guild_role", "is_active",
    "time_zone", "created_at", "last_login",
)  # fmt: skip
SIGN_IN = (
    "kind", "created_at", "last_seen_at", "ended_at", "end_reason", "platform", "app_version", "device",
    "address",
)  # fmt: skip
HELD = (
    "accounts.User", "accounts.Session", "accounts.Erasure", "admin.LogEntry", "axes.AccessAttempt",
    "axes.AccessLog", "sessions.Session",
)  # fmt: skip


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    yield "account", User.objects.filter(pk=person.pk).values(*ACCOUNT)
    yield "sign_ins", Session.objects.filter(user=person.pk).values(*SIGN_IN).iterator()
    log = AccessLog.objects.filter(username=person.username)
    yield "admin_sign_ins", log.values("attempt_time", "logout_time", "ip_address", "user_agent").iterator()
    yield "erasures", Erasure.objects.filter(user=person.pk).values("state", "asked_at", "finished_at")


def erase(trace: Trace) -> int:
    """Sign-ins and traces at the admin site, then the row itself: from then on it is nobody's."""
    person = trace.person
    for rows in (
        Session.objects.filter(user=person.pk),
        AccessAttempt.objects.filter(username=person.username),
        AccessLog.objects.filter(username=person.username),
    ):
        if count := rows.delete()[0]:
            return int(count)
    return _cookies(person.pk) or _admin_log(trace) or _row(trace)


def _cookies(key: int) -> int:
    mine = [
        row.pk for row in CookieSession.objects.iterator() if row.get_decoded().get(SESSION_KEY) == str(key)
    ]
    return CookieSession.objects.filter(pk__in=mine).delete()[0] if mine else 0


def _admin_log(trace: Trace) -> int:
    """The admin site's own history calls things by their names."""
    person = trace.person
    named = Q(object_repr__contains=person.username) | Q(change_message__contains=person.username)
    itself = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    rows = LogEntry.objects.filter(named | itself).exclude(object_repr=trace.alias, change_message="")
    if person.username == trace.alias:
        return 0
    return int(rows.update(object_repr=trace.alias, change_message=""))


def _row(trace: Trace) -> int:
    nobody = {
        "username": trace.alias, "user_id": trace.user_id, "discord_id": None, "discriminator": "0",
        "avatar": "", "granted_role": "", "guild_role": "", "is_superuser": False, "is_active": False,
        "time_zone": "UTC", "last_login": None, "password": make_password(None), "erased_at": timezone.now(),
    }  # fmt: skip
    return int(User.objects.filter(pk=trace.person.pk, erased_at=None).update(**nobody))


def register() -> None:
    personal_data.register(Part("accounts", HELD, export, erase, turn=LAST))
    personal_data.not_personal(
        "It is never written: AXES_ENABLE_ACCESS_FAILURE_LOG is off", "axes.AccessFailureLog"
    )
