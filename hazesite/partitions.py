"""Tables with one partition a day on PostgreSQL, so that old days go by DROP and not by DELETE.

On SQLite the same table is a plain one. A migration makes it with `CreatePartitionedModel`; whoever owns it
keeps `ensure_ahead` and `drop_before` going. Days are UTC. Names are the code's own, never a caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.db.migrations import CreateModel

AHEAD_DAYS = 3
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
    there = set(partitions(model, using))
    missing = [day for day in days if day not in there]
    for day in missing:
        _create(model._meta.db_table, day, using)
    return len(missing)


def partitions(model: type[models.Model], using: Any = connection) -> list[date]:
    """The days that have one, oldest first."""
    prefix = f"{model._meta.db_table}_d"
    with using.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [model._meta.db_table],
        )
        return sorted(_days([name for (name,) in cursor.fetchall()], prefix))


def _days(names: list[str], prefix: str) -> Iterator[date]:
    for name in names:
        if name.startswith(prefix):
            yield datetime.strptime(name.removeprefix(prefix), "%Y%m%d").replace(tzinfo=UTC).date()


def drop_before(model: type[models.Model], day: date) -> int:
    """Drop the partitions of days before this one. How many those were; 0 on SQLite."""
    if connection.vendor != "postgresql":
        return 0
    old = [one for one in partitions(model) if one < day]
    with connection.cursor() as cursor:
        for one in old:
            cursor.execute(f"DROP TABLE IF EXISTS {_name(model._meta.db_table, one)}")
    return len(old)


def _create(table: str, day: date, using: Any) -> None:
    start, end = day.isoformat(), (day + timedelta(days=1)).isoformat()
    with using.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {_name(table, day)} PARTITION OF {connection.ops.quote_name(table)}"
            f" FOR VALUES FROM ('{start} 00:00:00+00') TO ('{end} 00:00:00+00')"
        )


def _name(table: str, day: date) -> str:
    return connection.ops.quote_name(f"{table}_d{day:%Y%m%d}")
