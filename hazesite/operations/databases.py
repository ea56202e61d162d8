"""Whole databases: copied while they are in use, put back, looked into."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.recorder import MigrationRecorder

from hazesite.operations.errors import ProgramFailed, Unreadable

BORN_FULL = {"django_migrations", "django_content_type", "auth_permission"}
"""Tables that a new database fills by itself."""
EMPTIED = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', found.tablename);
    END LOOP;
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e') LOOP
        EXECUTE 'DROP FUNCTION IF EXISTS ' || found.name || ' CASCADE';
    END LOOP;
END $$"""


def describe() -> dict[str, str]:
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return {"kind": "sqlite", "version": sqlite3.sqlite_version}
    major, minor = divmod(int(getattr(connection, "pg_version", 0)), 10_000)
    return {"kind": connection.vendor, "version": f"{major}.{minor}"}


def migrations(of: BaseDatabaseWrapper | None = None) -> dict[str, list[str]]:
    """By app, what is applied."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(of or connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def filled_tables(of: BaseDatabaseWrapper) -> list[str]:
    """The tables that hold rows somebody would miss."""
    with of.cursor() as cursor:
        there = set(of.introspection.table_names(cursor)) - BORN_FULL
        if of.vendor == "sqlite":  # what the search keeps for itself is no table to ask
            there &= {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        return [table for table in sorted(there) if _has_rows(cursor, of.ops.quote_name(table))]


def _has_rows(cursor: Any, table: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - a quoted name of the database's own
    return cursor.fetchone() is not None


def dump(target: Path) -> None:
    """One moment of the whole database: all that was committed when it began, and nothing in halves."""
    if connection.vendor == "sqlite":
        _dump_sqlite(target)
    else:
        _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"])


def load(source: Path) -> None:
    """Put `source` in the place of all that is there: entirely, or not at all."""
    connection.close()
    if connection.vendor == "sqlite":
        _load_sqlite(source)
    else:
        _load_postgres(source)


def _dump_sqlite(target: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _load_sqlite(source: Path) -> None:
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as copy:
        try:
            verdict = copy.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"SQLite says of the database in it: {error}") from error
        if verdict != "ok":
            raise Unreadable(f"SQLite says of the database in it: {verdict}")
        with closing(sqlite3.connect(connection.settings_dict["NAME"], timeout=20)) as own:
            own.execute("PRAGMA journal_mode=WAL")
            copy.backup(own)


def _load_postgres(source: Path) -> None:
    script = source.with_suffix(".sql")
    _run("pg_restore", ["--no-owner", "--no-privileges", f"--file={script}", str(source)], connects=False)
    # Emptying and filling are one transaction: a failure leaves what was there.
    quietly = ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    _run("psql", [*quietly, f"--command={EMPTIED}", f"--file={script}"])


def _run(program: str, arguments: Sequence[str], *, connects: bool = True) -> None:
    """Raises `ProgramFailed` with its last words. The password goes by its environment, unseen."""
    if shutil.which(program) is None:
        raise ProgramFailed(f"{program} is not installed: it comes with PostgreSQL's client programs.")
    whole, environment = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    command = [program, *arguments, *(_to_connect(whole) if connects else [])]
    done = subprocess.run(  # noqa: S603 - no shell
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ProgramFailed(f"{program}: {done.stderr.strip()[-2000:]}")


def _to_connect(whole: Sequence[str]) -> list[str]:
    """Django's arguments for psql end with the database's name."""
    *where, name = whole[1:]
    return [*where, f"--dbname={name}"]
