"""Queries whose SQL is written once: for the few that every request makes.

Django builds a query and writes its SQL anew each time, which for a row with its related rows costs
several times what the database takes. The SQL of a `Prepared` is Django's own, kept; only the values change.
It uses Django's compiler as `QuerySet` does, which is no public interface: `docs/adr/0009`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, JSONField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Col
from django.db.models.signals import post_init, pre_init
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)


class Slot(Expression):
    """Stands in a query where a value will be: text or a whole number, as the column has it."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def repeating_cursor(connection: Any) -> Any:
    """A cursor for SQL that is the same each time, from our own backends for SQLite and PostgreSQL."""
    return connection.repeating_cursor()


Convert = Callable[[Any, Any, Any], Any]
Link = Callable[[Any, Any], None]


def _nobody(_row: Any, _other: Any) -> None:
    """The first table of a query is linked to no other."""


class _Maker:
    """Makes rows into objects of one model, and of the models that `select_related` brings along.

    As `Model.from_db` does, without what it does for each column. A model with more to say about how it is
    made (a signal, an `__init__` or a `from_db` of its own) is made by `from_db` itself.
    """

    def __init__(self, info: dict[str, Any], select: Any) -> None:
        self.model: type[Model] = info["model"]
        fields = info["select_fields"]
        self.columns = slice(fields[0], fields[-1] + 1)
        self.names = [column[0].target.attname for column in select[self.columns]]
        self.key = fields[0] + self.names.index(self.model._meta.pk.attname)
        self.link: Link = info.get("local_setter", _nobody)
        self.link_back: Link = info.get("remote_setter", _nobody)
        self.related = [_Maker(related, select) for related in info.get("related_klass_infos", ())]
        self.plain = (
            self.model.__init__ is Model.__init__
            and self.model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]
            and not (pre_init.has_listeners(self.model) or post_init.has_listeners(self.model))
        )

    def make(self, row: Sequence[Any]) -> Any:
        made = self._plain(row) if self.plain else self._by_django(row)
        for related in self.related:
            other = None if row[related.key] is None else related.make(row)
            related.link(made, other)
            if other is not None:
                related.link_back(other, made)
        return made

    def _plain(self, row: Sequence[Any]) -> Any:
        made = self.model.__new__(self.model)
        made._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        made.__dict__.update(zip(self.names, row[self.columns], strict=True))
        return made

    def _by_django(self, row: Sequence[Any]) -> Any:
        return self.model.from_db(DEFAULT_DB_ALIAS, self.names, row[self.columns])


@dataclass(frozen=True)
class _Written:
    """A query as one kind of database is asked it, and how its rows become objects."""

    sql: str
    values: tuple[Any, ...]
    maker: _Maker | None
    """None: rows are wanted as they are."""
    annotations: dict[str, int]
    converters: list[tuple[int, Convert, Any]]
    """Not asked about NULL, which stays None."""
    locks: bool

    def filled(self, values: dict[str, Any]) -> list[Any]:
        return [values[value.name] if isinstance(value, Slot) else value for value in self.values]


class Prepared(Generic[M]):
    """`rows` gives the query, with a `Slot` for each value that differs from call to call.

    No `prefetch_related`: objects with what `select_related` and annotations bring. Or `values_list`,
    which is for `tuples`.
    """

    def __init__(self, rows: Callable[[], QuerySet[M, Any]]) -> None:
        self._rows = rows
        self._written: dict[str, _Written] = {}

    def all(self, **values: Any) -> list[M]:
        """The objects for these values of the slots. One query."""
        written, found = self._asked(values)
        maker, annotations = written.maker, written.annotations.items()
        assert maker is not None
        made: list[M] = []
        for row in found:
            one = maker.make(row)
            for name, place in annotations:
                setattr(one, name, row[place])
            made.append(one)
        return made

    def first(self, **values: Any) -> M | None:
        found = self.all(**values)
        return found[0] if found else None

    def tuples(self, **values: Any) -> list[list[Any]]:
        """The columns of a `values_list`. One query."""
        return self._asked(values)[1]

    def count(self, **values: Any) -> int:
        """How many rows there are, up to the limit of the query. One query."""
        connection = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(connection.vendor) or self._write(connection)
        with repeating_cursor(connection) as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM ({written.sql}) counted", written.filled(values))  # noqa: S608
            return int(cursor.fetchone()[0])

    def _asked(self, values: dict[str, Any]) -> tuple[_Written, list[list[Any]]]:
        connection = connections[DEFAULT_DB_ALIAS]
        written = self._written.get(connection.vendor) or self._write(connection)
        if written.locks and connection.get_autocommit():
            raise TransactionManagementError("select_for_update needs a transaction")  # as Django says
        with repeating_cursor(connection) as cursor:
            cursor.execute(written.sql, written.filled(values))
            found = [list(row) for row in cursor.fetchall()]
        for place, convert, expression in written.converters:
            for row in found:
                if row[place] is not None:
                    row[place] = convert(row[place], expression, connection)
        return written, found

    def _write(self, connection: Any) -> _Written:
        query: Any = self._rows().query
        compiler = query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        converters = compiler.get_converters([column[0] for column in compiler.select])
        written = self._written[connection.vendor] = _Written(
            sql=sql,
            values=tuple(values),
            maker=None if query.values_select else _Maker(compiler.klass_info, compiler.select),
            annotations=compiler.annotation_col_map or {},
            converters=[
                (place, _chain(needed), expression)
                for place, (given, expression) in converters.items()
                if (needed := _needed(given, expression, connection))
            ],
            locks=query.select_for_update and connection.features.has_select_for_update,
        )
        return written


# --- what columns become -----------------------------------------------------
def _chain(converters: list[Convert]) -> Convert:
    def convert(value: Any, expression: Any, connection: Any) -> Any:
        for converter in converters:
            value = converter(value, expression, connection)
        return value

    return converters[0] if len(converters) == 1 else convert


def _needed(converters: list[Convert], expression: Any, connection: Any) -> list[Convert]:
    """Without those that find nothing to do: `hazesite.sqlite3` gives columns as what they are."""
    if connection.vendor == "sqlite" and isinstance(expression, Col):
        done = (connection.ops.convert_datetimefield_value, connection.ops.convert_booleanfield_value)
        converters = [converter for converter in converters if converter not in done]
    return [_quicker(converter) for converter in converters]


def _quicker(converter: Convert) -> Convert:
    field = getattr(converter, "__self__", None)
    return _json(converter) if isinstance(field, JSONField) and field.decoder is None else converter


def _json(by_django: Convert) -> Convert:
    def convert(value: Any, expression: Any, connection: Any) -> Any:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:  # a number too large for it, say
            return by_django(value, expression, connection)

    return convert
