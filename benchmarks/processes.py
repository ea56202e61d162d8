"""Servers and clients of a benchmark in processes of their own, and what they use of the machine."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.backends import private_postgres, private_redis
from tests.serving import free_port

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, CLIENT_CORE = 0, 1
CAN_PIN = shutil.which("taskset") is not None and (os.cpu_count() or 1) > 1
FOREIGN = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "REDIS_HOST", "SENTRY_DSN", "DISCORD_TOKEN")


@dataclass
class Place:
    """A folder, a database and perhaps a Redis: where the processes of one measurement live."""

    name: str
    folder: Path
    environment: dict[str, str]
    pin: bool = False

    def surroundings(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        return kept | {"DATA_DIR": str(self.folder)} | self.environment | more

    @contextmanager
    def running(self, command: Sequence[str], core: int = SERVER_CORE, **more: str) -> Iterator[Process]:
        if self.pin:
            command = ["taskset", "-c", str(core), *command]
        with (self.folder / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.surroundings(**more),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE if "PIPED" in more else log, stderr=log,
            )  # fmt: skip
        try:
            yield Process(process)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def serving(self, *command: str, path: str = "/health/ready", **more: str) -> Iterator[Process]:
        """A server that answers by now. By default the product's own web process."""
        port = free_port()
        command = command or (sys.executable, "manage.py", "web")
        with self.running(command, API_PORT=str(port), **more) as process:
            process.port = port
            self.await_answer(process, path)
            yield process

    def await_answer(self, process: Process, path: str, below: int = 500) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.running.poll() is None:
            with suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{process.port}{path}", timeout=2).status_code < below:
                    return
            time.sleep(0.05)
        log = (self.folder / "processes.log").read_text(errors="replace")
        raise SystemExit(f"a server did not start:\n{log[-3000:]}")

    def members(self, count: int, said: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.members", str(count), str(said)]
        told = subprocess.run(command, cwd=ROOT, env=self.surroundings(), stdout=subprocess.PIPE, check=True)
        found: dict[str, Any] = json.loads(told.stdout)
        return found


@dataclass
class Process:
    running: subprocess.Popen[bytes]
    port: int = 0
    _children: list[int] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.running.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def settle(self, share: float = 0.2) -> None:
        """Wait until it has done what there was to do at its start: it takes less than that of a core."""
        before, deadline = self.cpu() - 1, time.monotonic() + 60
        while (now := self.cpu()) - before > share and time.monotonic() < deadline:
            before = now
            time.sleep(1)

    def memory(self) -> float:
        """MiB resident."""
        status = Path(f"/proc/{self.running.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Of a process started with PIPED: a command as a line of JSON, and its answer."""
        assert self.running.stdin and self.running.stdout
        self.running.stdin.write((json.dumps({"op": op, **fields}) + "\n").encode())
        self.running.stdin.flush()
        answer: dict[str, Any] = json.loads(self.running.stdout.readline() or '{"error": "it ended"}')
        if "error" in answer:
            raise SystemExit(f"{op}: {answer['error']}")
        return answer


@contextmanager
def place(kind: str, folder: Path, *, pin: bool = False, **more: str) -> Iterator[Place]:
    """`sqlite`, `postgres`, or `redis`: PostgreSQL with Redis. On servers of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {"LOG_LEVEL": "info", **more}
    with ExitStack() as stack:
        if kind != "sqlite":
            environment["DATABASE_URL"] = stack.enter_context(private_postgres()).address
        if kind == "redis":
            environment["REDIS_URL"] = stack.enter_context(private_redis()).address
        yield Place(kind, folder, environment, pin)


@contextmanager
def client(where: Place) -> Iterator[Process]:
    script = str(ROOT / "benchmarks" / "node" / "members.mjs")
    with where.running(["node", script], core=CLIENT_CORE, PIPED="yes") as process:
        yield process


def begin() -> None:
    """Room for many sockets; and whoever is told to end ends what they started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def load() -> str:
    return f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())} on {os.cpu_count()} processors"


def versions(*names: str) -> str:
    python = sys.version.split()[0]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"Python {python}, Node.js {node}, " + ", ".join(f"{n} {metadata.version(n)}" for n in names)


def server_version(address: str) -> str:
    with psycopg.connect(address) as connection:
        return f"PostgreSQL {connection.info.server_version // 10000}"
