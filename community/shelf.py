"""What other sites told us, kept as rows: each thing is asked for once at a time, whoever wants it.

Whoever finds a row too old claims it by compare-and-set and asks, in a thread beside those of requests and
outside of any transaction; everybody else looks at the row until the answer stands in it. A claim of a
process that died ends by itself. A failure is kept too: until its pause is over nobody asks again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import structlog
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections, models
from django.db.models import F, Q
from django.utils import timezone

from community.errors import SourceTrouble, Trouble

logger = structlog.get_logger(__name__)
CLAIM = timedelta(seconds=30)
"""Longer than any fetch may take, with its wait for a thread."""
LOOK_SECONDS = 0.1
"""A hundred who wait for one row read it as often as one."""
MAX_KNOWN = 1000
_asking = ThreadPoolExecutor(8, thread_name_prefix="asking")


class Kept(models.Model):
    """One thing of another site. `value` is the last good answer, however old."""

    key = models.CharField(max_length=200, unique=True)
    value = models.JSONField(null=True)
    fetched_at = models.DateTimeField(null=True, db_index=True)
    claimed_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0, help_text="Grows with each claim.")
    failure = models.JSONField(null=True, help_text="Why the last attempt gave nothing.")
    retry_at = models.DateTimeField(null=True, help_text="Before this nobody asks again.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


K = TypeVar("K", bound=Kept)
Fetch = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Reading:
    """`value` may be old; `pending`: somebody asks for a newer one just now."""

    value: Any = None
    fetched_at: datetime | None = None
    failure: Trouble | None = None
    pending: bool = False


class Shelf(Generic[K]):
    """`fetch(about, value before)` asks the other site: blocking, at most 25 seconds, in no transaction.

    It gives JSON, or raises `SourceTrouble`. `about` is what the key of a row stands for.
    """

    def __init__(self, model: type[K], fetch: Fetch) -> None:
        self.model, self.fetch = model, fetch
        self._known: dict[str, tuple[float, Reading]] = {}
        self._turn = threading.Lock()

    def ask(self, key: str, about: Any, oldest: timedelta) -> Reading:
        """What is known, and where that is older than `oldest` somebody asks for it. One or two queries."""
        moment, known = self._known.get(key, (0.0, None))
        if known is not None and time.monotonic() - moment < LOOK_SECONDS:
            return known
        row, reading = self._look(key, oldest)
        if row is not None:
            if self._claim(row):
                _asking.submit(self._in_thread, row, about)
            reading = _reading(row, pending=True)
        self._remember(key, reading)
        return reading

    def obtain(self, key: str, about: Any, oldest: timedelta) -> Reading:
        """As `ask`, but asks in place; `pending` where somebody else asks just now. Not for requests."""
        row, reading = self._look(key, oldest)
        if row is None:
            return reading
        if not self._claim(row):
            return _reading(row, pending=True)
        self._fetch(row, about)
        row.refresh_from_db()
        return _reading(row)

    def _look(self, key: str, oldest: timedelta) -> tuple[K | None, Reading]:
        """A row that is to be asked for, or None; and what is known."""
        row = self._row(key)
        now = timezone.now()
        if row.fetched_at is not None and row.fetched_at > now - oldest:
            return None, Reading(row.value, row.fetched_at)
        if row.retry_at is not None and row.retry_at > now:
            return None, _reading(row)
        if row.claimed_until is not None and row.claimed_until > now:
            return None, _reading(row, pending=True)
        return row, _reading(row)

    def _row(self, key: str) -> K:
        rows = self.model._default_manager
        found = rows.filter(key=key).first()
        if found is None:
            rows.bulk_create([self.model(key=key)], ignore_conflicts=True)
            found = rows.get(key=key)
        return found

    def _claim(self, row: K) -> bool:
        now = timezone.now()
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        mine = self.model._default_manager.filter(free, pk=row.pk, fence=row.fence)
        won = bool(mine.update(claimed_until=now + CLAIM, fence=F("fence") + 1))
        row.fence += won
        return won

    def _in_thread(self, row: K, about: Any) -> None:
        close_old_connections()
        try:
            self._fetch(row, about)
        except DatabaseTrouble as error:  # the claim will end, and somebody ask again
            logger.warning("answer_not_kept", key=row.key, error=repr(error))
        finally:
            self._known.pop(row.key, None)
            close_old_connections()

    def _fetch(self, row: K, about: Any) -> None:
        try:
            settled: dict[str, Any] = {"value": self.fetch(about, row.value), "fetched_at": timezone.now()}
            settled |= {"failure": None, "retry_at": None}
        except SourceTrouble as error:
            logger.info("source_failed", key=row.key, error=str(error), pause=error.pause)
            settled = _failed(error)
        except Exception as error:
            logger.warning("source_broke", key=row.key, exc_info=error)
            settled = _failed(SourceTrouble.unforeseen(row.key))
        mine = self.model._default_manager.filter(pk=row.pk, fence=row.fence)
        mine.update(**settled, claimed_until=None)

    def _remember(self, key: str, reading: Reading) -> None:
        """Only that it is on its way: what is known may change at any moment."""
        with self._turn:
            if len(self._known) > MAX_KNOWN:
                self._known.clear()
            if reading.pending:
                self._known[key] = (time.monotonic(), reading)
            else:
                self._known.pop(key, None)


def _failed(error: SourceTrouble) -> dict[str, Any]:
    return {
        "failure": error.trouble().as_json(),
        "retry_at": timezone.now() + timedelta(seconds=error.pause),
    }


def _reading(row: Kept, *, pending: bool = False) -> Reading:
    failure = Trouble(**row.failure) if row.failure and not pending else None
    return Reading(row.value, row.fetched_at, failure, pending)
