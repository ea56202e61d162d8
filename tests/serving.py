"""The real server in processes of its own, for tests that look from outside."""

from __future__ import annotations

import fcntl
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from tests import migrated

ROOT = Path(__file__).resolve().parent.parent
PASSWORDS = {
    "ada": "analytical-engine-1",
    "moira": "moderate-everything-2",
    "alice": "alice-has-a-ticket-3",
    "mallory": "mallory-is-elsewhere-4",
}
USERS = (
    f"ada:{PASSWORDS['ada']}:admin,moira:{PASSWORDS['moira']}:moderator,"
    f"alice:{PASSWORDS['alice']}:lootling,mallory:{PASSWORDS['mallory']}:lootling"
)
PORTS = Path(tempfile.gettempdir()) / f"hazebot-ports-{os.getuid()}"
_locks: deque[IO[bytes]] = deque(maxlen=500)
"""Of the ports this process took last."""


def is_running(pid: str) -> bool:
    """Not one that is dead and was not buried yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_port() -> int:
    """One that a server can have again after it was killed: the system gives it to no outgoing connection,
    and no other process of the tests takes it.
    """
    PORTS.mkdir(exist_ok=True)
    while True:
        port = random.randint(12_000, 32_000)
        lock = (PORTS / str(port)).open("ab")
        with socket.socket() as probe, suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            probe.bind(("127.0.0.1", port))
            _locks.append(lock)
            return port
        lock.close()


def database_of(data: Path) -> str:
    return f"hazesite_{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"


def servers_for(data: Path) -> dict[str, str]:
    """Where a run of the tests has a PostgreSQL: a database in it for each data folder."""
    address = os.environ.get("TEST_DATABASE_URL")
    if not address:
        return {}
    migrated.create(address, database_of(data))
    return {
        "DATABASE_URL": migrated.beside(address, database_of(data)),
        "REDIS_URL": os.environ.get("TEST_REDIS_URL", ""),
    }


@dataclass
class Server:
    """`manage.py <command>` with a data folder of its own; the cast of the tests can sign in."""

    data: Path
    port: int = field(default_factory=free_port)
    command: tuple[str, ...] = ("serve",)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.data / "serve.out").read_text(errors="replace")

    def surroundings(self) -> dict[str, str]:
        """The environment it runs in: of ours, nothing that names a server of its own."""
        foreign = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL")
        inherited = {name: value for name, value in os.environ.items() if name not in foreign}
        return inherited | {
            "DATA_DIR": str(self.data),
            "API_PORT": str(self.port),
            "API_ADMIN_PASS": "only-for-the-tests-5",
            "API_EXTRA_USERS": USERS,
            "RATELIMIT_ENABLE": "false",
            **servers_for(self.data),
            **self.environment,
        }

    def migrate(self) -> None:
        """Where its database is its own and it has none yet: one that is migrated, which takes less time."""
        if "DATABASE_URL" in self.environment:
            return
        if address := os.environ.get("TEST_DATABASE_URL"):
            migrated.put_database(address, database_of(self.data))
        else:
            migrated.put_file(self.data)

    def prepare(self) -> None:
        """What `serve` does before it starts anything."""
        self.migrate()
        command = [sys.executable, str(ROOT / "manage.py"), "prepare"]
        subprocess.run(command, env=self.surroundings(), cwd=ROOT, check=True, timeout=60)

    def start(self, wait: float = 90) -> Server:
        self.data.mkdir(parents=True, exist_ok=True)
        self.migrate()
        with (self.data / "serve.out").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *self.command],
                env=self.surroundings(),
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.await_ready(wait)
        return self

    def await_ready(self, wait: float) -> None:
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=1).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """The supervisor, at once; its children notice, and this returns when they have ended."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.killpg(pid, signal.SIGKILL)
        self.process.wait()
        deadline = time.monotonic() + 30
        while any(is_running(child) for child in children):
            assert time.monotonic() < deadline, "they did not end"
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def token(self, name: str) -> str:
        body = {"username": name, "password": PASSWORDS[name]}
        answer = httpx.post(f"{self.url}/api/auth/login", json=body, timeout=10)
        return str(answer.raise_for_status().json()["token"])

    def client(self, name: str) -> httpx.Client:
        """A REST client signed in as one of the cast."""
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token(name)}"}, timeout=15
        )

    def open_ticket(self, name: str = "alice", subject: str = "It does not start") -> dict[str, Any]:
        body = {"subject": subject, "description": "Since this morning nothing happens."}
        with self.client(name) as client:
            answer: dict[str, Any] = client.post("/api/tickets", json=body).raise_for_status().json()
        return answer


@contextmanager
def web_alone(data: Path, **environment: str) -> Iterator[Server]:
    """One web process and nothing beside it."""
    server = Server(data, command=("web",), environment=environment)
    server.prepare()
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def serving(data: Path, **options: Any) -> Iterator[Server]:
    server = Server(data, **options)
    try:
        server.start()
        with server.client("ada") as ada:
            ada.put("/api/config/tickets", json={"max_open_per_user": 100}).raise_for_status()
        yield server
    finally:
        server.stop()
