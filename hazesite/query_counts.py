"""How many queries and connections this process made. Every query pays for it, so there is no lock."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created


class Tally:
    """Counts by the step of an iterator, which no thread interrupts."""

    def __init__(self) -> None:
        numbers = itertools.count()
        self.add: Callable[[], int] = numbers.__next__
        self._reads, self._reading = 0, threading.Lock()

    @property
    def value(self) -> int:
        with self._reading:
            found = self.add() - self._reads
            self._reads += 1
            return found


queries, failures, created, closed = Tally(), Tally(), Tally(), Tally()


@dataclass(frozen=True)
class Figures:
    """Since this process started."""

    connections_created: int
    connections_closed: int
    total_queries: int
    failed_queries: int

    @property
    def success_rate(self) -> float:
        """Percent."""
        done = self.total_queries - self.failed_queries
        return round(100 * done / self.total_queries, 2) if self.total_queries else 100.0


def figures() -> Figures:
    return Figures(created.value, closed.value, queries.value, failures.value)


def _count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    queries.add()
    try:
        return execute(sql, params, many, context)
    except Exception:
        failures.add()
        raise


def _watch(connection: Any, **_signal: Any) -> None:
    """A new connection: counted, and its queries from now on."""
    created.add()
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def watch() -> None:
    connection_created.connect(_watch)


def is_counting() -> bool:
    """Whether the database's engine is one of ours: others do not tell when a connection is closed."""
    return str(settings.DATABASES["default"]["ENGINE"]).startswith("hazesite.")
