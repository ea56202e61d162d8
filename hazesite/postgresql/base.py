"""Django's PostgreSQL backend with two things less to do for each request.

* SQL that `hazesite.prepared` keeps is planned once for a connection. Django fills in values at the client's
  side, so the server parses and plans each statement anew, which for a ticket with its people takes ten times
  as long as to run it. Behind a pooler that gives each transaction another connection and knows no
  prepared statements, `?prepare_threshold=1000000000` in DATABASE_URL leaves that out.
* Whether a connection still lives is seen by its socket, without asking the server: when the other side has
  hung up there is something to read.
"""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.operations import DatabaseOperations as Operations

from hazesite import query_counts
from hazesite.audit import triggers


class DatabaseOperations(Operations):
    def sql_flush(self, *args: Any, **options: Any) -> list[str]:
        """`manage.py flush` empties the audit log too; its triggers are back after it."""
        return [*triggers.unguard_sql("postgresql"), *super().sql_flush(*args, **options)]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def repeating_cursor(self) -> Any:
        """A cursor for SQL that is the same each time."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._wrapped(base.ServerBindingCursor)

    def _wrapped(self, kind: Any) -> Any:
        return self._prepare_cursor(kind(self.connection))  # type: ignore[attr-defined]

    def _close(self) -> None:
        if self.connection is not None:
            query_counts.closed.add()
        super()._close()  # type: ignore[misc]

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed or self._is_spoken_to():
            return bool(super().is_usable())
        return True

    def _is_spoken_to(self) -> bool:
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return bool(socket.poll(0))
