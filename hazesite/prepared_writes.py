"""Rows stored with SQL that is written once, by Django's own compiler: as `hazesite.prepared` for reading.

For models with one table, an automatic key and no signals, and values that are no expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.models import BooleanField, CharField, Field, Model, TextField
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery, UpdateQuery

from hazesite.prepared import Slot, repeating_cursor

SHAPES = 256
"""How many statements are kept: one for each model and set of columns."""
Names = tuple[str, ...]
_PLAIN = (CharField, TextField, BooleanField)


@dataclass(frozen=True)
class _Statement:
    sql: str
    fields: tuple[Field[Any, Any], ...]
    """Whose values it takes, in this order."""
    returning: tuple[Any, ...] = ()

    def run(self, row: Model, connection: Any, *, add: bool) -> Any:
        """The cursor, for the caller to close."""
        given = [_prepared(field, row, connection, add=add) for field in self.fields]
        cursor = repeating_cursor(connection)
        try:
            with transaction.mark_for_rollback_on_error(DEFAULT_DB_ALIAS):
                cursor.execute(self.sql, [*given, *self.returning])
        except BaseException:
            cursor.close()
            raise
        return cursor


def _prepared(field: Any, row: Model, connection: Any, *, add: bool) -> Any:
    """The value as the database takes it. What is text, or nothing, is that already.

    So are whole numbers, but PostgreSQL is told how large their column is: one statement then fits all.
    """
    value = field.pre_save(row, add)
    if value is None or (type(value) in (str, bool) and type(field) in _PLAIN):
        return value
    if type(value) is int and connection.vendor == "sqlite":
        return value
    return field.get_db_prep_save(value, connection)


def insert_row(row: Model) -> None:
    """As `row.save(force_insert=True)`."""
    connection: Any = connections[DEFAULT_DB_ALIAS]
    statement = _inserting(type(row), connection.vendor)
    with statement.run(row, connection, add=True) as cursor:
        row.pk = connection.ops.fetch_returned_insert_columns(cursor, statement.returning)[0]
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def update_row(row: Model, columns: Sequence[str]) -> None:
    """As `row.save(update_fields=columns)`. Raises `DatabaseError` where the row is gone."""
    connection = connections[DEFAULT_DB_ALIAS]
    with _updating(type(row), tuple(columns), connection.vendor).run(row, connection, add=False) as cursor:
        if cursor.rowcount != 1:
            raise DatabaseError("The row to be updated is not there any more.")


def upsert_row(row: Model, *, unique: Names, columns: Names) -> None:
    """Insert it, or give these columns to the row that is the same by `unique`. `row` learns no key."""
    connection = connections[DEFAULT_DB_ALIAS]
    _upserting(type(row), unique, columns, connection.vendor).run(row, connection, add=True).close()


# --- how they are written ----------------------------------------------------
@lru_cache(SHAPES)
def _inserting(model: type[Model], _vendor: str) -> _Statement:
    query: Any = InsertQuery(model)
    compiler = _filled(query)
    compiler.returning_fields = [model._meta.pk]
    sql, values = compiler.as_sql()[0]
    return _Statement(sql, _fields_of(values), tuple(compiler.returning_params))


@lru_cache(SHAPES)
def _upserting(model: type[Model], unique: Names, columns: Names, _vendor: str) -> _Statement:
    fields = model._meta.get_field
    query: Any = InsertQuery(
        model,
        on_conflict=OnConflict.UPDATE,
        unique_fields=[fields(name) for name in unique],
        update_fields=[fields(name) for name in columns],
    )
    sql, values = _filled(query).as_sql()[0]
    return _Statement(sql, _fields_of(values))


def _filled(query: Any) -> Any:
    """Its compiler, for a row of blanks."""
    fields = [field for field in query.model._meta.concrete_fields if not field.primary_key]
    blanks = query.model(**{field.attname: _blank(field) for field in fields})
    query.insert_values(fields, [blanks])
    return query.get_compiler(connection=connections[DEFAULT_DB_ALIAS])


@lru_cache(SHAPES)
def _updating(model: type[Model], columns: Names, _vendor: str) -> _Statement:
    key: Any = model._meta.pk
    query: Any = model._base_manager.filter(pk=_blank(key)).query.chain(UpdateQuery)
    # In the order of the model, each once, whatever the caller says.
    fields = [field for field in model._meta.concrete_fields if {field.name, field.attname} & {*columns}]
    query.add_update_fields([(field, None, _blank(field)) for field in fields])
    sql, values = query.get_compiler(connection=connections[DEFAULT_DB_ALIAS]).as_sql()
    return _Statement(sql, _fields_of(values))


def _blank(field: Any) -> Slot:
    return Slot(field.attname, field)


def _fields_of(values: Sequence[Any]) -> tuple[Any, ...]:
    """Each value is the blank of its field, but for what the database returns by itself."""
    return tuple(value.output_field for value in values if isinstance(value, Slot))
