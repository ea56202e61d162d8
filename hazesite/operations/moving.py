"""From SQLite to PostgreSQL: all rows, in one transaction over there, and then compared with what was here.

The target's tables are made by its own migrations, so its triggers are those of PostgreSQL and fill the index
of the search as rows come in. A failure leaves a target with tables and no rows, which may be tried again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any, NoReturn

import dj_database_url
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import Error, connection, connections, models, transaction
from django.db.migrations.executor import MigrationExecutor

from hazesite import partitions
from hazesite.audit import triggers
from hazesite.operations import databases
from hazesite.operations.backups import is_running
from hazesite.operations.errors import NotEmpty, NotTheSame, StillRunning, WrongDatabase

TARGET = "target"
Model = type[models.Model]
Tell = Callable[[str], object]


@dataclass(frozen=True)
class Sum:
    """How many rows there are, and a sum of the hashes of each one's values."""

    rows: int
    digest: str


def move(url: str, tell: Tell) -> int:
    """Copy everything to the PostgreSQL at `url`; gives the number of rows, and tells of each table.

    Raises `WrongDatabase`, `StillRunning`, `NotEmpty` and `NotTheSame`; then nothing was left there.
    """
    _connect(url)
    try:
        _refuse_unfitting()
        tell("Making the tables there.")
        call_command("migrate", database=TARGET, interactive=False, verbosity=0)
        # Nobody writes here until all is there: on SQLite this transaction is the one writer.
        with transaction.atomic(), transaction.atomic(using=TARGET):
            return _copy_all(tell)
    finally:
        connections[TARGET].close()
        del connections[TARGET]
        del connections.databases[TARGET]


def all_models() -> list[Model]:
    """What has a table of its own."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def _connect(url: str) -> None:
    try:
        config: Any = dict(dj_database_url.parse(url))
    except (ValueError, KeyError) as error:
        raise WrongDatabase(
            "That is no address of a database: postgres://user:password@host:5432/name"
        ) from error
    if not config["ENGINE"].endswith("postgresql"):
        raise WrongDatabase("The target must be a PostgreSQL: postgres://user:password@host:5432/name")
    config["ENGINE"] = "hazesite.postgresql"
    config.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
    connections.databases[TARGET] = config
    connections.settings = connections.configure_settings(connections.databases)


def _refuse_unfitting() -> None:
    if connection.vendor != "sqlite":
        raise WrongDatabase("What is moved is a SQLite, and DATABASE_URL names something else.")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise WrongDatabase("Migrations are pending here: run manage.py migrate first.")
    if is_running():
        raise StillRunning
    try:
        filled = databases.filled_tables(connections[TARGET])
    except Error as error:
        raise WrongDatabase(f"The target is not reachable: {str(error).strip()}") from error
    if filled:
        raise NotEmpty(f"{NotEmpty.message} There are rows in {', '.join(filled[:5])}.")


def _copy_all(tell: Tell) -> int:
    chosen, rows = all_models(), 0
    _empty(chosen)  # the audit log too, which else nobody empties
    for model in chosen:
        _try_to_copy(model)
        here, there = summed(model, "default"), summed(model, TARGET)
        if here != there:
            _differ(model, here, there)
        rows += here.rows
        tell(f"{model._meta.db_table}: {here.rows} rows, the same there")
    _set_sequences(chosen)
    return rows


def _differ(model: Model, here: Sum, there: Sum) -> NoReturn:
    table = model._meta.db_table
    raise NotTheSame(
        f"{table}: {here.rows} rows here, {there.rows} there, and not the same. Nothing was moved."
    )


def _empty(chosen: list[Model]) -> None:
    """What migrating put there: its keys are not ours."""
    with connections[TARGET].cursor() as cursor:
        quoted = ", ".join(cursor.db.ops.quote_name(model._meta.db_table) for model in chosen)
        for lift in triggers.unguard_sql("postgresql"):
            cursor.execute(lift)
        cursor.execute(f"TRUNCATE {quoted}")
    triggers.guard(connections[TARGET])


def _try_to_copy(model: Model) -> None:
    try:
        _make_days(model)
        with connections[TARGET].wrap_database_errors:
            _copy(model)
    except (Error, UnicodeError) as error:
        raise NotTheSame(f"{model._meta.db_table}: {str(error).strip()}. Nothing was moved.") from error


def _make_days(model: Model) -> None:
    """Rows of a table with a partition for each day find theirs."""
    column = partitions.COLUMNS.get(model._meta.db_table)
    if column is None:
        return
    ends = model._base_manager.aggregate(first=models.Min(column), last=models.Max(column))
    if ends["first"] is not None:
        first, last = (end.astimezone(UTC).date() for end in ends.values())
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        partitions.ensure(model, days, connections[TARGET])


def _copy(model: Model) -> None:
    target = connections[TARGET]
    fields = model._meta.local_concrete_fields
    quoted = ", ".join(target.ops.quote_name(str(field.column)) for field in fields)
    table = target.ops.quote_name(model._meta.db_table)
    with target.cursor() as cursor, cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as copy:
        for row in _rows(model, "default"):
            copy.write_row([
                field.get_db_prep_save(getattr(row, field.attname), target) for field in fields
            ])  # fmt: skip


def _rows(model: Model, using: str) -> Iterator[models.Model]:
    return model._base_manager.using(using).order_by("pk").iterator(chunk_size=2000)


def summed(model: Model, using: str) -> Sum:
    """Of the values as Python has them: that is what two kinds of databases have in common."""
    count, hashes = 0, 0
    names = [field.attname for field in model._meta.local_concrete_fields]
    for row in _rows(model, using):
        line = json.dumps([getattr(row, name) for name in names], sort_keys=True, default=repr)
        # Added up, not chained: text keys are sorted differently here and there.
        hashes += int.from_bytes(hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest(), "big")
        count += 1
    return Sum(count, f"{hashes % 2**256:064x}")


def _set_sequences(chosen: list[Model]) -> None:
    target = connections[TARGET]
    with target.cursor() as cursor:
        for statement in target.ops.sequence_reset_sql(no_style(), chosen):
            cursor.execute(statement)
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # what refers to nothing is found here, not at the end
