"""Django's SQLite backend, where the threads of a process take turns at writing.

SQLite has one writer. A connection that finds another one writing sleeps and tries again, up to a tenth of a
second later, and whoever comes in between goes first: with a few threads most of the time is spent asleep
and somebody unlucky waits for seconds. Here they queue, and go on the moment it is their turn. Writers of
other processes are few, and waited for as before.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as Operations
from django.db.utils import OperationalError
from django.utils.dateparse import parse_datetime

from hazesite import query_counts
from hazesite.audit import triggers

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""By file."""


def _moment(stored: bytes) -> datetime | None:
    """A time with its zone at once, which is UTC here. Django parses slowly, and adds the zone later."""
    text = stored.decode()
    try:
        return datetime.fromisoformat(f"{text}+00:00")
    except ValueError:
        return parse_datetime(text)


sqlite3.register_converter("datetime", _moment)


@lru_cache(512)
def _with_question_marks(sql: str) -> str:
    return str(base.FORMAT_QMARK_REGEX.sub("?", sql)).replace("%%", "%")


class RepeatingCursor(base.SQLiteCursorWrapper):
    """For SQL that is the same each time: what Django changes in it for SQLite is changed once."""

    def execute(self, sql: str, values: Any = ()) -> Any:
        return sqlite3.Cursor.execute(self, _with_question_marks(sql), values)


class DatabaseOperations(Operations):
    def sql_flush(self, *args: Any, **options: Any) -> list[str]:
        """`manage.py flush` empties the audit log too; its triggers are back after it."""
        return [*triggers.unguard_sql("sqlite"), *super().sql_flush(*args, **options)]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: threading.Lock | None = None

    def repeating_cursor(self) -> Any:
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._wrapped(RepeatingCursor)

    def _wrapped(self, kind: Any) -> Any:
        return self._prepare_cursor(self.connection.cursor(factory=kind))  # type: ignore[attr-defined]

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _take_turn(self) -> None:
        turn = _turns[str(self.settings_dict["NAME"])]
        if not turn.acquire(timeout=self.settings_dict["OPTIONS"].get("timeout", 5)):
            raise OperationalError("database is locked")
        self._turn = turn

    def _end_turn(self) -> None:
        if self._turn is not None and not (self.connection and self.connection.in_transaction):
            turn, self._turn = self._turn, None
            turn.release()

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        if self.connection is not None:
            query_counts.closed.add()
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self.connection = None
            self._end_turn()
