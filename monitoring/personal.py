"""What staff wrote about incidents, and which they acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace
from monitoring.models import Incident, IncidentNote


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    notes = IncidentNote.objects.filter(author=person.pk)
    yield "incident_notes", notes.values("incident_id", "at", "text", "is_public").iterator()
    rows = Incident.objects.filter(acknowledged_by=person.pk)
    yield "acknowledged", rows.values("id", "acknowledged_at").iterator()


def erase(trace: Trace) -> int:
    """The history of an incident stays, and names nobody."""
    notes = IncidentNote.objects.filter(author=trace.person.pk).update(author=None)
    return notes + Incident.objects.filter(acknowledged_by=trace.person.pk).update(acknowledged_by=None)


def register() -> None:
    held = [model._meta.label for model in (Incident, IncidentNote)]
    personal_data.register(Part("monitoring", held, export, erase, turn=1))
