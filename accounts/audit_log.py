"""The audit log as people read it: with the ids people have now in the place of their keys."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from hazesite.api import Keyset
from hazesite.audit import services
from hazesite.audit.models import AuditEntry
from hazesite.audit.services import PERSON


def audit_page(query: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The entries a query asks for, and the next cursor. Two queries, and one for each person asked for."""
    wanted = {name: query[name] for name in ("verb", "object_type", "object_id", "since", "until")}
    if query["actor"]:
        wanted["actor_id"] = _key_of(query["actor"])
    if query["object_type"] == PERSON and query["object_id"]:
        wanted["object_id"] = str(_key_of(query["object_id"]))
    page, cursor = Keyset(services.entries(**wanted), "at").page(query["limit"], query["cursor"])
    people = User.objects.filter(pk__in=services.people_in(page)).values_list("pk", "user_id")
    names = dict(people)
    return [_shown(entry, names) for entry in page], cursor


def _key_of(user_id: str) -> int:
    """-1 for somebody unknown, who did nothing."""
    found: int | None = User.objects.filter(user_id=user_id).values_list("pk", flat=True).first()
    return -1 if found is None else found


def _shown(entry: AuditEntry, names: dict[int, str]) -> dict[str, Any]:
    actor, thing = entry.actor, entry.object_id
    if entry.object_type == PERSON and thing.isdigit():
        thing = names.get(int(thing), thing)
    return {
        "id": str(entry.pk),
        "at": entry.at,
        "actor": {"user_id": actor.user_id, "user_name": actor.username} if actor else None,
        "verb": entry.verb,
        "object": {"type": entry.object_type, "id": thing},
        "before": services.named(entry.before, names),
        "after": services.named(entry.after, names),
        "address": entry.address,
        "door": entry.door,
        "request_id": entry.request_id,
    }
