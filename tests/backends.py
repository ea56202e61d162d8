"""A private PostgreSQL and a private Redis, for as long as a run of the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from tests.serving import free_port

OWNER = "hazebot"
SWIFT = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
}
"""What was committed outlives PostgreSQL's own death all the same, though not the machine's."""


@dataclass
class Private:
    """A server of our own: a test may freeze it, kill it and start it again."""

    address: str
    start: Callable[[], subprocess.Popen[bytes]]
    """Starts its program; where its data are kept, on those it left."""
    ready: Callable[[], object]
    process: subprocess.Popen[bytes]

    @classmethod
    def started(
        cls, address: str, start: Callable[[], subprocess.Popen[bytes]], ready: Callable[[], object]
    ) -> Private:
        return cls(address, start, ready, start())

    def await_ready(self) -> None:
        for _ in range(200):
            try:
                self.ready()
                return
            except (psycopg.OperationalError, redis.RedisError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError(f"{self.address} did not start")


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


def _unwind_when_terminated() -> None:
    """So that a run that is told to end takes its servers with it."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def private_postgres(**more: str) -> Iterator[Private]:
    """The database in it is empty; crash safety is off. `more`: its settings."""
    _unwind_when_terminated()
    programs, user, port = postgres_programs(), unprivileged(), free_port()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="hazesite-postgres-") as folder:
        if user:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        initdb = [programs / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(initdb, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        options = {"max_connections": "200", "listen_addresses": "127.0.0.1", **SWIFT, **more}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        server = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, *settings]
        address = f"postgres://{OWNER}@127.0.0.1:{port}/postgres"

        def start() -> subprocess.Popen[bytes]:
            with Path(folder, "log").open("ab") as log:
                return subprocess.Popen(server, user=user, stdout=log, stderr=log, cwd=folder)

        running = Private.started(address, start, lambda: psycopg.connect(address).close())
        try:
            running.await_ready()
            yield running
        finally:
            running.process.send_signal(signal.SIGINT)  # does not wait for its clients to leave
            running.process.wait(30)


@contextmanager
def private_redis() -> Iterator[Private]:
    _unwind_when_terminated()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hazesite-redis-") as folder:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, stdout=subprocess.DEVNULL)

        running = Private.started(f"redis://127.0.0.1:{port}/0", start, lambda: redis.Redis(port=port).ping())
        try:
            running.await_ready()
            yield running
        finally:
            running.process.terminate()
            running.process.wait(30)
