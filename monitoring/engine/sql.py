"""Statements for many rows at once, where the ORM would cost more than the checks themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def moments() -> Callable[[datetime | None], Any]:
    """How this database is given a time; what it gives is what the ORM would."""
    return _as_text if connection.vendor == "sqlite" else _as_it_is


def _as_text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(" ")[:-6]


def _as_it_is(moment: datetime | None) -> datetime | None:
    return moment


def rows_of(wanted: QuerySet[Any, Any]) -> list[Sequence[Any]]:
    """What a `values_list` gives, as the driver has it: times are times, JSON and what is sealed is text."""
    try:
        sql, values = wanted.query.sql_with_params()
    except EmptyResultSet:  # nothing can match, and Django writes no SQL for that
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
