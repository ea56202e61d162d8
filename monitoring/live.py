"""How the monitors stand, told to the screens of staff: what changed, never the whole list.

Engines call `show_standings` in the transaction of their results. Where there is no Redis an engine in
another process reaches no screen, so each process with somebody watching looks into the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from hazesite.events import show
from hazesite.realtime.database import db_call, unforeseen
from hazesite.realtime.hub import hub
from hazesite.realtime.publication import Frame, Part, Publication
from monitoring.models import MonitorState

logger = structlog.get_logger(__name__)
ROOM = "monitors"
SHOWN_AT_ONCE = 500
OVERLAP = timedelta(seconds=10)
"""A result may be written this long after its check, and another host's clock be this much behind."""
Told = tuple[str, datetime, datetime | None]


class Standing(Protocol):
    """A `MonitorState`, or whatever an engine has in its place."""

    @property
    def monitor_id(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def since(self) -> datetime: ...
    @property
    def checked_at(self) -> datetime | None: ...
    @property
    def response_ms(self) -> float | None: ...
    @property
    def slowness(self) -> str: ...


def show_standings(standings: Iterable[Standing]) -> None:
    """Tell all screens after the commit how these monitors stand now. Best effort; never raises."""
    show(*_publications(standings))


def _publications(standings: Iterable[Standing]) -> list[Publication]:
    told = [_told(standing) for standing in standings]
    portions = [told[start : start + SHOWN_AT_ONCE] for start in range(0, len(told), SHOWN_AT_ONCE)]
    return [
        Publication((Part((ROOM,), (Frame.of("monitor_update", {"monitors": portion}),)),))
        for portion in portions
    ]


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "id": standing.monitor_id,
        "status": standing.status,
        "since": standing.since,
        "checked_at": standing.checked_at,
        "response_ms": standing.response_ms,
        "slowness": standing.slowness,
    }


class Lookout:
    """Shows this process what others wrote, as long as somebody here watches."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Called at each arrival, on the event loop. With Redis there is nothing to do."""
        task = self._task
        running = task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()
        if not running and not settings.REDIS_URL:
            self._task = asyncio.get_running_loop().create_task(self._look_out())

    async def _look_out(self) -> None:
        told = await self._look(None)
        while hub.rooms.get(ROOM):
            await asyncio.sleep(settings.HUB_INTERVAL)
            told = await self._look(told)

    async def _look(self, told: dict[int, Told] | None) -> dict[int, Told]:
        """What moved of late. Shown is what was not told before; nothing the first time."""
        try:
            found = await db_call(_moved_since, timezone.now() - OVERLAP)
        except Exception as error:
            logger.warning("monitors_not_read", error=repr(error), exc_info=unforeseen(error))
            return told or {}
        if told is not None:
            for publication in _publications(state for state in found if told.get(state.pk) != _mark(state)):
                hub.receive(publication)
        return {state.pk: _mark(state) for state in found}


def _moved_since(moment: datetime) -> list[MonitorState]:
    return list(MonitorState.objects.filter(Q(checked_at__gt=moment) | Q(since__gt=moment)))


def _mark(state: MonitorState) -> Told:
    return state.status, state.since, state.checked_at


lookout = Lookout()
