"""The site that is disturbed: its real processes on a database prepared once for many schedules."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests.backends import private_postgres, private_redis
from tests.faults.ledger import DESCRIPTION
from tests.faults.processes import Backend, Command, Target
from tests.faults.schedule import POSTGRES, PROCESSES, Fault
from tests.faults.truth import Truth
from tests.serving import PASSWORDS, ROOT, Server, free_port

JOBS = 8
LEASE_SECONDS = 2
USUAL_START_SECONDS = 5.0
TEMPLATE = "hazesite_template"


@dataclass
class Place:
    """A folder with a prepared installation, and the servers its copies use."""

    backend: str
    folder: Path
    postgres: Backend | None = None
    redis: Backend | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    tickets: list[str] = field(default_factory=list)

    @property
    def template(self) -> Path:
        return self.folder / "template"

    def settings(self, data: Path, database: str) -> dict[str, str]:
        there = {"JOB_LEASE_SECONDS": str(LEASE_SECONDS), "LOG_LEVEL": "warning", "REDIS_URL": ""}
        if self.postgres is None or self.redis is None:
            return there | {"DATABASE_URL": f"sqlite:///{data}/hazebot.sqlite3"}
        return there | {
            "DATABASE_URL": self.address(database),
            "REDIS_URL": self.redis.server.address,
            "RATELIMIT_ENABLE": "true",  # limits are counted in Redis, which comes and goes
        }

    def address(self, database: str) -> str:
        assert self.postgres is not None
        return f"{self.postgres.server.address.rpartition('/')[0]}/{database}"

    def sql(self, statement: str) -> None:
        assert self.postgres is not None
        with psycopg.connect(self.postgres.server.address, autocommit=True) as connection:
            connection.execute(statement)

    def prepare(self) -> None:
        """Accounts that are signed in, two tickets of alice's, and jobs that wait."""
        if self.postgres is not None:
            self.sql(f"CREATE DATABASE {TEMPLATE}")
        self.template.mkdir()
        environment = self.settings(self.template, TEMPLATE)
        server = Server(self.template, command=("web",), environment=environment)
        server.prepare()
        try:
            server.start()
            self.tokens = {name: server.token(name) for name in PASSWORDS}
            with httpx.Client(base_url=server.url, headers=self.authorization("ada")) as ada:
                ada.put("/api/config/tickets", json={"max_open_per_user": 100}).raise_for_status()
            for subject in ("It does not start", "It does not end"):
                self.tickets.append(self._ticket(server.url, subject))
        finally:
            server.stop()
        program = (
            f"from tests.jobs.work import *; [take_long.enqueue('', 0.3) for _ in range({JOBS // 2})];"
            f"[leave_a_line.enqueue('', str(n)) for n in range({JOBS // 2})]"
        )
        shell = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        subprocess.run(shell, env=server.surroundings(), cwd=ROOT, check=True, timeout=60)

    def _ticket(self, url: str, subject: str) -> str:
        body = {"subject": subject, "description": DESCRIPTION}
        answer = httpx.post(f"{url}/api/tickets", json=body, headers=self.authorization("alice"))
        return str(answer.raise_for_status().json()["ticket_id"])

    def authorization(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}


@contextmanager
def place(backend: str) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="hazesite-faults-") as name:
        if backend != POSTGRES:
            here = Place(backend, Path(name))
            here.prepare()
            yield here
            return
        with private_postgres() as database, private_redis() as cache:
            here = Place(backend, Path(name), Backend("postgres", database), Backend("redis", cache))
            here.prepare()
            yield here
            here.postgres.bring_back()  # type: ignore[union-attr]
            here.redis.bring_back()  # type: ignore[union-attr]


class Site:
    """The processes of one schedule, on a copy of the place."""

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.data, self.database = place, place.folder / name, f"hazesite_{name}"
        self.targets: dict[str, Target] = {}
        self.ports: list[int] = []
        self.surprises: list[str] = []
        self.slowness = 1.0
        """How busy the machine is with other things: its processes start so many times slower than usual."""
        self.truth = Truth(self._copy())

    def _copy(self) -> str:
        ignored = shutil.ignore_patterns("logs", "serve.out")
        shutil.copytree(self.place.template, self.data, ignore=ignored)
        if self.place.postgres is None or self.place.redis is None:
            return str(self.data / "hazebot.sqlite3")
        for server in (self.place.postgres, self.place.redis):
            server.bring_back()
            self.targets[server.name] = server
        redis.Redis.from_url(self.place.redis.server.address).flushall()
        self.place.sql(f"CREATE DATABASE {self.database} TEMPLATE {TEMPLATE}")
        # Without it PostgreSQL takes the copied sequences for safe, and a crash would set them back.
        self.place.sql("CHECKPOINT")
        return self.place.address(self.database)

    def start(self) -> None:
        self._schedule_jobs()
        began = time.monotonic()
        for name in PROCESSES[self.place.backend]:
            command = name.partition("-")[0]
            if command not in ("web", "worker"):
                continue
            port = free_port()
            environment = self.place.settings(self.data, self.database)
            server = Server(self.data, port=port, environment=environment)
            self.targets[name] = Command(name, [command], server.surroundings(), self.data / f"{name}.out")
            if command == "web":
                self.ports.append(port)
        for port in self.ports:
            Server(self.data, port=port).await_ready(60)
        self.slowness = max(1.0, (time.monotonic() - began) / USUAL_START_SECONDS)

    def _schedule_jobs(self) -> None:
        """Their time comes one after the other while things go wrong."""
        jobs = self.truth.rows("SELECT id, args FROM hazesite_job WHERE task LIKE 'tests.%'")
        zone = "+00" if self.place.backend == POSTGRES else ""
        for number, (key, args) in enumerate(jobs):
            due = datetime.now(UTC) + timedelta(seconds=1.5 + number)
            arguments = json.dumps([str(self.data), *(_decoded(args)[1:])])
            self.truth.write(
                f"UPDATE hazesite_job SET run_after = '{due:%Y-%m-%d %H:%M:%S}{zone}', max_attempts = 30,"
                f" args = '{arguments}' WHERE id = '{key}'"
            )

    async def run(self, faults: tuple[Fault, ...]) -> None:
        """Let happen to the processes what the schedule says; returns when all are back."""
        began = time.monotonic()
        ours = [fault for fault in faults if fault.target in self.targets]
        await asyncio.gather(*(self._happen(fault, began) for fault in ours))

    async def _happen(self, fault: Fault, began: float) -> None:
        await asyncio.sleep(began + fault.at - time.monotonic())
        target = self.targets[fault.target]
        target.begin(fault.kind)
        await asyncio.sleep(fault.lasts)
        await target.end(fault.kind)

    async def supervise(self) -> None:
        while True:
            await asyncio.sleep(0.3)
            self.surprises += filter(None, (target.keep_alive() for target in self.targets.values()))

    def stop(self) -> None:
        for target in self.targets.values():
            if isinstance(target, Command):
                target.stop()
        if self.place.postgres is not None:
            self.place.postgres.bring_back()
            self.place.sql(f"DROP DATABASE {self.database} WITH (FORCE)")

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.data.glob("*.out"))
        )


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
