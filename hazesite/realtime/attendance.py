"""Telling the database, and through it everybody, who has which stream open at this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from hazesite.realtime import bus
from hazesite.realtime.database import db_call
from hazesite.realtime.publication import Publication
from hazesite.realtime.streams import streams

logger = structlog.get_logger(__name__)
SOON_SECONDS, REFRESH_SECONDS = 0.3, 20.0


class Attendance:
    """Changes are gathered for a moment, so that a thousand who come back at once are one write.

    `present` gives the keys of the people at each stream; `deliver` shows something to this process alone.
    """

    def __init__(
        self, present: Callable[[], Mapping[str, set[int]]], deliver: Callable[[Publication], None]
    ) -> None:
        self._present, self._deliver = present, deliver
        self._came: set[str] = set()
        self._pending = False
        self._told: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._kept_at = time.monotonic()

    def came(self, stream: str) -> None:
        """Whoever came is told who is there, even where that is nothing new to the others."""
        self._came.add(stream)
        self.changed()

    def changed(self) -> None:
        """Somebody came or left."""
        self._pending = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep_soon())

    async def _keep_soon(self) -> None:
        try:
            while self._pending:
                await asyncio.sleep(SOON_SECONDS)
                self._pending, came, self._came = False, self._came, set()
                publications = await db_call(streams().present, self._present(), came)
                await db_call(_send, publications)
                self._kept_at = time.monotonic()
        except Exception as error:  # the next refresh stores what is then the case
            logger.warning("presence_not_kept", error=repr(error))
        finally:
            self._task = None

    async def refresh(self) -> None:
        """Now and then: keep the rows from expiring, and notice whom a dead process took along."""
        present = self._present()
        if not present or time.monotonic() - self._kept_at < REFRESH_SECONDS:
            return
        self._kept_at = time.monotonic()
        told: dict[str, str] = {}
        for publication in await db_call(streams().present, present, set(present)):
            [part] = publication.parts
            [room], [frame] = part.rooms, part.frames
            told[room] = frame.text
            if self._told.get(room) != frame.text:
                self._deliver(publication)
        self._told = told

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()


def _send(publications: list[Publication]) -> None:
    for publication in publications:
        bus.send(publication)
