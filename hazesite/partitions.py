"""Tables with one partition a day on PostgreSQL, so that old days go by DROP and not by DELETE.

On SQLite the same table is a plain one. A migration makes it with `CreatePartitionedModel`; whoever owns it
keeps `ensure_ahead` and `drop_before` going. Days are UTC. Names are the code's own, never a caller's.

A table may have a partition `…_strays` besides, for rows of a day that nobody made: they are moved when it is
made, so that writing never waits for somebody to look after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.migrations import CreateModel

AHEAD_DAYS, DAY = 3, timedelta(days=1)
STRAYS = "_strays"
COLUMNS: dict[str, str] = {}
"""By table: the column whose day says where a row lies. Apps name theirs in `ready()`."""


class CreatePartitionedModel(CreateModel):
    """In a migration, in the place of `CreateModel`: the same model, partitioned by the day of `column`."""

    def __init__(self, column: str, **options: Any) -> None:
        super().__init__(**options)
        self.column = column

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.name)
        sql, parameters = schema_editor.table_sql(model)
        column = schema_editor.quote_name(self.column)
        schema_editor.execute(f"{sql} PARTITION BY RANGE ({column})", parameters or None)
        for index in model._meta.indexes:
            schema_editor.add_index(model, index)


def ensure_ahead(model: type[models.Model], days: int = AHEAD_DAYS) -> int:
    """Partitions for yesterday, today and so many days after it. How many were made; 0 on SQLite."""
    today = datetime.now(UTC).date()
    return ensure(model, [today + timedelta(days=number) for number in range(-1, days + 1)])


def ensure(model: type[models.Model], days: Iterable[date], using: Any = connection) -> int:
    """Partitions for these days. How many were made; 0 on SQLite."""
    if using.vendor != "postgresql":
        return 0
    table = model._meta.db_table
    names = _names(table, using)
    there = _by_day(table, names)
    missing = [day for day in days if day not in there]
    for day in missing:
        if f"{table}{STRAYS}" in names:
            _move_in(table, day, using)
        else:
            _create(table, day, using)
    return len(missing)


def partitions(model: type[models.Model], using: Any = connection) -> list[date]:
    """The days that have one, oldest first."""
    table = model._meta.db_table
    return sorted(_by_day(table, _names(table, using)))


def drop_before(model: type[models.Model], day: date) -> int:
    """Drop the partitions of days before this one, and strays from then. How many days; 0 on SQLite."""
    if connection.vendor != "postgresql":
        return 0
    table = model._meta.db_table
    names = _names(table, connection)
    old = [name for found, name in _by_day(table, names).items() if found < day]
    with connection.cursor() as cursor:
        for name in old:
            cursor.execute(f"DROP TABLE IF EXISTS {_quoted(name)}")
        if f"{table}{STRAYS}" in names:
            column, strays = _quoted(COLUMNS[table]), _quoted(f"{table}{STRAYS}")
            cursor.execute(f"DELETE FROM {strays} WHERE {column} < %s", [_begin(day)])  # noqa: S608
    return len(old)


def _names(table: str, using: Any) -> list[str]:
    with using.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _by_day(table: str, names: Iterable[str]) -> dict[date, str]:
    found = ((re.fullmatch(rf"{table}_d?([0-9]{{8}})", name), name) for name in names)
    return {
        datetime.strptime(day[1], "%Y%m%d").replace(tzinfo=UTC).date(): name for day, name in found if day
    }


def _create(table: str, day: date, using: Any) -> None:
    with using.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {_name(table, day)} PARTITION OF {_quoted(table)}"
            f" FOR VALUES FROM ('{_begin(day)}') TO ('{_begin(day + DAY)}')"
        )


def _move_in(table: str, day: date, using: Any) -> None:
    """A day that has strays is made beside the table and attached with them; others write meanwhile."""
    name, parent, strays = _name(table, day), _quoted(table), _quoted(f"{table}{STRAYS}")
    column, begin, end = _quoted(COLUMNS[table]), _begin(day), _begin(day + DAY)
    with transaction.atomic(using.alias), using.cursor() as cursor:
        # Whoever else makes it waits here, and then finds it there.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        cursor.execute(
            f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"
        )
        cursor.execute(
            f"WITH moved AS (DELETE FROM {strays} WHERE {column} >= %s AND {column} < %s RETURNING *)"  # noqa: S608
            f" INSERT INTO {name} SELECT * FROM moved",
            [begin, end],
        )
        cursor.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ('{begin}') TO ('{end}')"
        )


def _begin(day: date) -> str:
    return f"{day.isoformat()} 00:00:00+00"


def _name(table: str, day: date) -> str:
    return _quoted(f"{table}_d{day:%Y%m%d}")


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
