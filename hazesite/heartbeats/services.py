from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone

from hazesite.heartbeats.models import Heartbeat
from hazesite.housekeeping import chore

EVERY_SECONDS = 5.0
ALIVE = timedelta(seconds=20)
KEEP = timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """`lost_seconds`: how long ago the last one was seen that did not say goodbye. None: there is no such."""

    alive: int
    lost_seconds: float | None


def beat(kind: str, name: str) -> None:
    """Say that this process works: every `EVERY_SECONDS`, from the loop whose life is meant."""
    now = timezone.now()
    if not Heartbeat.objects.filter(kind=kind, name=name).update(seen_at=now):
        Heartbeat.objects.get_or_create(kind=kind, name=name, defaults={"seen_at": now})


def end(kind: str, name: str) -> None:
    """It stops, and is not missed."""
    Heartbeat.objects.filter(kind=kind, name=name).delete()


def seen(kind: str) -> Seen:
    """One query."""
    now = timezone.now()
    found = Heartbeat.objects.filter(kind=kind).aggregate(
        alive=Count("pk", filter=Q(seen_at__gt=now - ALIVE)), last=Max("seen_at")
    )
    last = found["last"]
    lost = (now - last).total_seconds() if last is not None and not found["alive"] else None
    return Seen(found["alive"], lost)


@chore
def forget_the_dead() -> int:
    """Rows of processes that were killed, once others of their kind were seen later, or a day has passed."""
    now = timezone.now()
    count = 0
    for kind in Heartbeat.objects.order_by().values_list("kind", flat=True).distinct():
        rows = Heartbeat.objects.filter(kind=kind)
        limit = now - (ALIVE * 3 if rows.filter(seen_at__gt=now - ALIVE).exists() else KEEP)
        count += rows.filter(seen_at__lt=limit).delete()[0]
    return count
