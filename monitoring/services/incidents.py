"""What staff do about incidents: take notice, and write about them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from monitoring.events import IncidentChanged
from monitoring.models import Incident, IncidentNote
from monitoring.services.checking import needs
from monitoring.services.windows import may_read

NOTE_LENGTH = 2000


def incidents(actor: User) -> QuerySet[Incident]:
    """For staff and monitoring tokens, with their monitors and whoever acknowledged them; newest first."""
    if not may_read(actor):
        raise NotAllowed
    return Incident.objects.select_related("monitor", "acknowledged_by", "silenced_by")


def read_incident(actor: User, incident_id: int) -> Incident:
    """With its notes, and what was told to whom (`alerts`). Raises `NotFound`."""
    rows = incidents(actor).prefetch_related("notes__author", "alerts__channel")
    if (incident := rows.filter(pk=incident_id).first()) is None:
        raise NotFound
    return incident


@transaction.atomic
def acknowledge(actor: User, incident_id: int) -> Incident:
    """Nobody else is told that it is down, nor told again. The second time it changes nothing.

    A resolved one can be acknowledged too. Raises `NotAllowed`, `NotFound`.
    """
    if not actor.is_staff:
        raise NotAllowed
    rows = Incident.objects.filter(pk=incident_id, acknowledged_at=None)
    if rows.update(acknowledged_at=timezone.now(), acknowledged_by=actor.pk, next_step_at=None):
        record("incident.acknowledged", "incident", incident_id, actor_id=actor.pk)
        publish(IncidentChanged(incident_id))
    return read_incident(actor, incident_id)


@transaction.atomic
def comment(actor: User, incident_id: int, text: str, *, public: bool = False) -> IncidentNote:
    """A public one stands on status pages. Raises `NotAllowed`, `NotFound`, `Unfit`."""
    if not actor.is_staff:
        raise NotAllowed
    text = text.strip()
    needs(text, _("It must not be empty."), field="text")
    needs(len(text) <= NOTE_LENGTH, _("At most %(count)s characters.") % {"count": NOTE_LENGTH}, field="text")
    if not Incident.objects.filter(pk=incident_id).exists():
        raise NotFound
    note = IncidentNote.objects.create(incident_id=incident_id, author=actor, text=text, is_public=public)
    facts = {"note": note.pk, "public": public}
    record("incident.commented", "incident", incident_id, actor_id=actor.pk, after=facts)
    publish(IncidentChanged(incident_id))
    return note
