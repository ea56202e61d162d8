from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hazesite import personal_data
from hazesite.audit.models import AuditEntry
from hazesite.audit.services import PERSON
from hazesite.personal_data import Part, Rows, Trace

FIELDS = ("at", "verb", "object_type", "object_id", "before", "after", "address", "door", "request_id")


def _export(person: Any) -> Iterable[tuple[str, Rows]]:
    """What they did as staff, and what staff did to them: of the latter not who."""
    yield "done", AuditEntry.objects.filter(actor_id=person.pk).values(*FIELDS).iterator()
    about = AuditEntry.objects.filter(object_type=PERSON, object_id=str(person.pk))
    yield "about", about.values("at", "verb", "before", "after").iterator()


def _erase(trace: Trace) -> int:
    """The deeds stay, with a pseudonym for whoever did them; where they sat does not."""
    return AuditEntry.objects.filter(actor_id=trace.person.pk, address__isnull=False).blank_addresses()


def register() -> None:
    personal_data.register(Part("audit", ("hazesite.AuditEntry",), _export, _erase))
