"""Databases as `migrate` leaves them: made once in a run, and copied for each process and each site.

A run is what inherits `MIGRATED`, a folder that goes with it: all of `make test-all`, or one `pytest`.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
FILE = "hazebot.sqlite3"


def create(address: str, name: str, source: str = "template1") -> None:
    """A database of PostgreSQL, unless there is one."""
    # Two servers of one test may ask at the same moment.
    known = suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation)
    with psycopg.connect(address, autocommit=True) as connection, known:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def beside(address: str, name: str) -> str:
    """The address of another database of the same server."""
    return f"{address.rpartition('/')[0]}/{name}"


def put_file(data: Path) -> None:
    """Where a site without an address for its database will find it, unless it has one already."""
    if not (data / FILE).exists():
        data.mkdir(parents=True, exist_ok=True)
        shutil.copy(file(), data / FILE)


def put_database(address: str, name: str) -> None:
    create(address, name, template(address))


@cache
def file() -> Path:
    done = folder() / FILE
    with _alone():
        if not done.exists():
            _migrate(folder() / "new", f"sqlite:///{folder() / 'new' / FILE}")
            (folder() / "new" / FILE).rename(done)
    return done


@cache
def template(address: str) -> str:
    """The name of a database to make others of, on the server of that address."""
    name = f"{folder().name.replace('-', '_')}_{urlsplit(address).port}"
    done = folder() / name
    with _alone():
        if not done.exists():
            create(address, name)
            _migrate(folder() / "new", beside(address, name))
            done.touch()
    return name


def folder() -> Path:
    """Of this run, which begins with whoever asks first."""
    if "MIGRATED" not in os.environ:
        os.environ["MIGRATED"] = tempfile.mkdtemp(prefix="hazesite-migrated-")
        atexit.register(shutil.rmtree, os.environ["MIGRATED"], ignore_errors=True)
    return Path(os.environ["MIGRATED"])


@contextmanager
def _alone() -> Iterator[None]:
    with (folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(folder: Path, address: str) -> None:
    folder.mkdir(exist_ok=True)
    foreign = ("DJANGO_SETTINGS_MODULE", "REDIS_URL")
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"]
    environment = inherited | {"DATA_DIR": str(folder), "DATABASE_URL": address}
    subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=180)
