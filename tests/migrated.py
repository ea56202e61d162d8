"""Databases as `migrate` leaves them: made once by each process of a run, and copied for each site."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parent.parent
FILE = "hazebot.sqlite3"


def create(address: str, name: str, template: str = "template1") -> None:
    """A database of PostgreSQL, unless there is one."""
    # Two servers of one test may ask at the same moment.
    known = suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with psycopg.connect(address, autocommit=True) as connection, known:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def beside(address: str, name: str) -> str:
    """The address of another database of the same server."""
    return f"{address.rpartition('/')[0]}/{name}"


def put_file(data: Path) -> None:
    """Where a site without an address for its database will find it, unless it has one already."""
    if not (data / FILE).exists():
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(_file(), data / FILE)


def put_database(address: str, name: str) -> None:
    create(address, name, _template(address))


@cache
def _file() -> Path:
    folder = _folder()
    _migrate(folder, f"sqlite:///{folder / FILE}")
    return folder / FILE


@cache
def _template(address: str) -> str:
    name = f"hazesite_migrated_{os.getpid()}"
    create(address, name)
    _migrate(_folder(), beside(address, name))
    return name


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="hazesite-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _migrate(folder: Path, address: str) -> None:
    foreign = ("DJANGO_SETTINGS_MODULE", "REDIS_URL")
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"]
    environment = inherited | {"DATA_DIR": str(folder), "DATABASE_URL": address}
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=180)
