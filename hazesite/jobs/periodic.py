"""Jobs that come back on a fixed grid, once for each slot, however many workers look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from hazesite.jobs.models import PeriodicSlot


@dataclass(frozen=True)
class Periodic:
    task: Any
    every: timedelta


TABLE: dict[str, Periodic] = {}


def periodic(every: timedelta) -> Callable[[Any], Any]:
    """Above `@task`: enqueue it every so often. Slots missed while nobody worked are made up for once."""

    def register(task: Any) -> Any:
        TABLE[task.module_path] = Periodic(task, every)
        return task

    return register


def enqueue_due() -> int:
    """Enqueue what is due. Of several workers that look at once one wins each slot."""
    slots = {slot.name: slot.next_at for slot in PeriodicSlot.objects.filter(name__in=TABLE)}
    if missing := [PeriodicSlot(name=name) for name in TABLE if name not in slots]:
        PeriodicSlot.objects.bulk_create(missing, ignore_conflicts=True)
        return enqueue_due()
    now = timezone.now()
    return sum(_enqueue(name, at, now) for name, at in slots.items() if at <= now)


@transaction.atomic
def _enqueue(name: str, at: datetime, now: datetime) -> bool:
    entry = TABLE[name]
    following = at + entry.every * ((now - at) // entry.every + 1)
    won = PeriodicSlot.objects.filter(name=name, next_at=at).update(next_at=following)
    if won:
        entry.task.enqueue()
    return bool(won)
