"""Sessions: begun by the first use, kept going by each, over after half an hour without any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from analytics.collecting import cleaning
from analytics.collecting.seen import Use
from analytics.models import UsageSession

IDLE = timedelta(minutes=30)
CHANGED = ["last_at", "actions", "platform", "version", "role", "device"]


@dataclass(slots=True)
class Stay:
    """What one batch says of one session."""

    thread: int
    visitor: int
    user: int
    first_at: datetime
    last_at: datetime
    role: str
    address: str
    actions: int = 0
    platform: str = ""
    version: str = ""
    device: str = ""

    def add(self, use: Use) -> None:
        self.first_at, self.last_at = min(self.first_at, use.at), max(self.last_at, use.last_at)
        self.actions += use.times
        self.platform, self.version = use.platform, use.version
        self.device = use.device or self.device

    def continues(self, session: UsageSession) -> bool:
        return self.first_at - session.last_at < IDLE


def continue_sessions(stays: Collection[Stay]) -> dict[int, int]:
    """The session each thread has now, begun where it has none. For a transaction of the caller's."""
    running = _running({stay.thread for stay in stays})
    _end([running.pop(stay.thread) for stay in stays if not _goes_on(stay, running)])
    _go_on([_continued(running[stay.thread], stay) for stay in stays if stay.thread in running])
    begun = [_begun(stay) for stay in stays if stay.thread not in running]
    UsageSession.objects.bulk_create(begun, ignore_conflicts=True)
    # By us, or by another process in the same moment.
    running |= _running({session.thread for session in begun})
    return {thread: session.pk for thread, session in running.items()}


def _running(threads: Collection[int]) -> dict[int, UsageSession]:
    rows = UsageSession.objects.filter(thread__in=threads, ended_at=None).order_by("pk")
    return {session.thread: session for session in rows.select_for_update(no_key=True)}


def _goes_on(stay: Stay, running: dict[int, UsageSession]) -> bool:
    session = running.get(stay.thread)
    return session is None or stay.continues(session)


def _continued(session: UsageSession, stay: Stay) -> UsageSession:
    session.last_at = max(session.last_at, stay.last_at)
    session.actions += stay.actions
    session.platform, session.version, session.role = stay.platform, stay.version, stay.role
    session.device = stay.device or session.device
    return session


def _begun(stay: Stay) -> UsageSession:
    return UsageSession(
        thread=stay.thread,
        visitor=stay.visitor,
        user_id=stay.user,
        started_at=stay.first_at,
        last_at=stay.last_at,
        actions=stay.actions,
        platform=stay.platform,
        version=stay.version,
        role=stay.role,
        device=stay.device,
        country=cleaning.country(stay.address),
    )


def _go_on(sessions: list[UsageSession]) -> None:
    """A statement for each, sent together: `bulk_update` takes ten times as long to write one for all."""
    fields = [field for field in UsageSession._meta.concrete_fields if field.name in CHANGED]
    assigned = ", ".join(f"{connection.ops.quote_name(str(field.column))} = %s" for field in fields)
    rows = [
        (
            *(field.get_db_prep_save(getattr(session, field.attname), connection) for field in fields),
            session.pk,
        )
        for session in sessions
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE analytics_usagesession SET {assigned} WHERE id = %s", rows)  # noqa: S608


def _end(sessions: Collection[UsageSession]) -> None:
    if sessions:
        ending = UsageSession.objects.filter(pk__in=[session.pk for session in sessions], ended_at=None)
        ending.update(ended_at=F("last_at"), user=None)


def end_idle_sessions() -> int:
    """Those nobody was seen in for half an hour; from then on they name nobody."""
    idle = UsageSession.objects.filter(ended_at=None, last_at__lt=timezone.now() - IDLE)
    return idle.update(ended_at=F("last_at"), user=None)
