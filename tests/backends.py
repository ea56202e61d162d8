"""A private PostgreSQL and a private Redis, for as long as a run of the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from tests.serving import free_port

OWNER = "hazebot"


@dataclass(frozen=True)
class Private:
    """A server of our own: a test may freeze it and kill it."""

    address: str
    process: subprocess.Popen[bytes]


def postgres_programs() -> Path | None:
    """The folder with `initdb`: Debian keeps it out of the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: somebody else then."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _await(ready: Callable[[], object], process: subprocess.Popen[bytes], what: str) -> None:
    for _ in range(200):
        try:
            ready()
            return
        except (psycopg.OperationalError, redis.RedisError):
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError(f"{what} did not start")


@contextmanager
def private_postgres() -> Iterator[Private]:
    """The database in it is empty; crash safety is off."""
    programs, user, port = postgres_programs(), unprivileged(), free_port()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="hazesite-postgres-") as folder:
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        initdb = [programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(initdb, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        options = {"fsync": "off", "max_connections": "200", "listen_addresses": "127.0.0.1"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, *settings]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(server, user=user, stdout=log, stderr=log, cwd=folder)
        address = f"postgres://{OWNER}@127.0.0.1:{port}/postgres"
        try:
            _await(lambda: psycopg.connect(address).close(), process, "PostgreSQL")
            yield Private(address, process)
        finally:
            process.send_signal(signal.SIGINT)  # does not wait for its clients to leave
            process.wait(30)


@contextmanager
def private_redis() -> Iterator[Private]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hazesite-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            _await(lambda: redis.Redis(port=port).ping(), process, "Redis")
            yield Private(f"redis://127.0.0.1:{port}/0", process)
        finally:
            process.terminate()
            process.wait(30)
