"""Adding to the audit log, and reading it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hazesite import origin
from hazesite.audit.models import AuditEntry, AuditQuerySet, AuditRetention
from hazesite.housekeeping import chore

PERSON = "user"
_REF = re.compile(r"user:(\d{1,18})")
_SECRET = re.compile(r"secret|password|token|credential", re.IGNORECASE)
HIDDEN = "…"


def person_ref(key: int | None) -> str | None:
    """How an entry names somebody in `before` and `after`; who that is then, a reader asks later."""
    return None if key is None else f"{PERSON}:{key}"


def record(
    verb: str,
    object_type: str,
    object_id: object,
    *,
    actor_id: int | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down a deed, in the transaction that does it; door, address and request are known from `origin`.

    `object_id` of a person (`PERSON`) is their key. Give no texts of messages and no names. One INSERT.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{verb} was recorded outside of a transaction")
    here = origin.current()
    here.recorded += 1
    AuditEntry.objects.create(
        actor_id=actor_id,
        verb=verb[:60],
        object_type=object_type,
        object_id=str(object_id)[:100],
        before=_without_secrets(before),
        after=_without_secrets(after),
        address=here.address,
        door=here.door,
        request_id=here.request_id,
    )


def _without_secrets(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {name: HIDDEN if _SECRET.search(name) and value else value for name, value in facts.items()}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, before and after."""
    names = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def entries(
    *,
    actor_id: int | None = None,
    verb: str = "",
    object_type: str = "",
    object_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> AuditQuerySet:
    """With their actors. A `verb` that ends with a full stop stands for all that begin so."""
    beginning = "verb__startswith" if verb.endswith(".") else "verb"
    wanted = {
        "actor_id": actor_id,
        beginning: verb,
        "object_type": object_type,
        "object_id": object_id,
        "at__gte": since,
        "at__lt": until,
    }
    given = {name: value for name, value in wanted.items() if value not in (None, "")}
    return AuditEntry.objects.filter(**given).select_related("actor")


def people_in(page: Iterable[AuditEntry]) -> set[int]:
    """The keys of those whom these entries name, their actors aside."""
    found = set()
    for entry in page:
        if entry.object_type == PERSON and entry.object_id.isdigit():
            found.add(int(entry.object_id))
        for facts in (entry.before, entry.after):
            found |= {int(key) for value in (facts or {}).values() for key in _keys(value)}
    return found


def _keys(value: object) -> list[str]:
    named = _REF.fullmatch(value) if isinstance(value, str) else None
    return [named[1]] if named else []


def named(facts: dict[str, Any] | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    """`before` or `after` with people by their ids of now instead of their keys."""
    if facts is None:
        return None
    return {field: _named(value, names) for field, value in facts.items()}


def _named(value: Any, names: Mapping[int, str]) -> Any:
    keys = _keys(value)
    return names.get(int(keys[0])) if keys else value


@chore
def forget_old_audit() -> int:
    """What is older than `AUDIT_KEEP_DAYS`; nothing where that is 0."""
    if not settings.AUDIT_KEEP_DAYS:
        return 0
    limit = timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS)
    if not AuditEntry.objects.filter(at__lt=limit).exists():
        return 0
    with transaction.atomic():
        permit = AuditRetention.objects.create(before=limit)
        gone = AuditEntry.objects.filter(at__lt=limit).forget()
        permit.delete()
    return gone
