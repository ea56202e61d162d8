from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone

from analytics.models import Progress

USES, TICKETS = "uses", "tickets"


def locked(name: str, beginning: datetime) -> Progress:
    """How far it is. Whoever else does the same waits for the caller's transaction."""
    Progress.objects.get_or_create(name=name, defaults={"until": beginning})
    return Progress.objects.select_for_update(no_key=True).get(name=name)


def advance(progress: Progress, until: datetime) -> None:
    """Never back."""
    progress.until, progress.ran_at = max(progress.until, until), timezone.now()
    progress.save(update_fields=["until", "ran_at"])


def last_run() -> datetime | None:
    """When everything was last added up."""
    ran: datetime | None = Progress.objects.filter(name=USES).aggregate(at=models.Max("ran_at"))["at"]
    return ran
