"""Queries whose SQL is written once: for the few that every request makes.

Django builds a query and writes its SQL anew each time, which for a row with its related rows costs
several times what the database takes. The SQL of a `Prepared` is Django's own, kept; only the values change.
It uses Django's compiler as `QuerySet` does, which is no public interface: `docs/adr/0009`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)


class Slot(Expression):
    """Stands in a query where a value will be: text or a whole number, as the column has it."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


@dataclass(frozen=True)
class _Written:
    """A query as one kind of database is asked it, and how its rows become objects."""

    sql: str
    values: tuple[Any, ...]
    model: Any
    columns: slice
    names: list[str]
    related: list[Any]
    annotations: dict[str, int]
    converters: list[tuple[int, list[Any], Any]]
    locks: bool


class Prepared(Generic[M]):
    """`rows` gives the query, with a `Slot` for each value that differs from call to call.

    No `prefetch_related`, no `values`: objects with what `select_related` and annotations bring.
    """

    def __init__(self, rows: Callable[[], QuerySet[M]]) -> None:
        self._rows = rows
        self._written: dict[str, _Written] = {}

    def all(self, **values: Any) -> list[M]:
        """The objects for these values of the slots. One query."""
        connection = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(connection.vendor) or self._write(connection)
        if written.locks and connection.get_autocommit():
            raise TransactionManagementError("select_for_update needs a transaction")  # as Django says
        given = [values[value.name] if isinstance(value, Slot) else value for value in written.values]
        with connection.cursor() as cursor:
            cursor.execute(written.sql, given)
            found = cursor.fetchall()
        return [self._object(written, list(row), connection) for row in found]

    def first(self, **values: Any) -> M | None:
        found = self.all(**values)
        return found[0] if found else None

    def _object(self, written: _Written, row: list[Any], connection: Any) -> M:
        for place, convert, expression in written.converters:
            value = row[place]
            for converter in convert:
                value = converter(value, expression, connection)
            row[place] = value
        made: M = written.model.from_db(DEFAULT_DB_ALIAS, written.names, row[written.columns])
        for populator in written.related:
            populator.populate(row, made)
        for name, place in written.annotations.items():
            setattr(made, name, row[place])
        return made

    def _write(self, connection: Any) -> _Written:
        query: Any = self._rows().query
        compiler = query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        info = compiler.klass_info
        fields = info["select_fields"]
        columns = slice(fields[0], fields[-1] + 1)
        converters = compiler.get_converters([column[0] for column in compiler.select])
        written = self._written[connection.vendor] = _Written(
            sql=sql,
            values=tuple(values),
            model=info["model"],
            columns=columns,
            names=[column[0].target.attname for column in compiler.select[columns]],
            related=get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS),  # type: ignore[call-arg]
            annotations=compiler.annotation_col_map or {},
            converters=[(place, convert, expression) for place, (convert, expression) in converters.items()],
            locks=query.select_for_update and connection.features.has_select_for_update,
        )
        return written


def remember(row: Model, relation: str, rows: list[Any]) -> None:
    """Leave the rows of a relation as `prefetch_related` would: `row.<relation>.all()` asks nobody."""
    known = getattr(row, relation).get_queryset()
    known._result_cache, known._prefetch_done = rows, True
    row.__dict__.setdefault("_prefetched_objects_cache", {})[relation] = known
