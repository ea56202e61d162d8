"""Telling ten thousand devices: how long until FCM has them, and whether one is missed or told twice.

    python -m benchmarks.pushes                                # both databases, both scenarios
    python -m benchmarks.pushes --database sqlite --scenario plain --devices 2000

An FCM on this machine answers after 50 ms. One worker sends. `plain`: from the commit until FCM has taken the
last (allowed: 30 s for 10,000). `kills`: the worker is killed with SIGKILL three times meanwhile and started
again; what it had under way waits for its lease, so this takes longer. No device may be missed; one may be
told twice only where FCM had taken it and nobody could note that.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import Process, versions
from tests.backends import private_postgres
from tests.serving import ROOT, Server, free_port

ALLOWED_SECONDS, LATENCY, KILLS = 30.0, 0.05, 3
LEASE_SECONDS = "3"
AT_ONCE = 32
"""What a worker may have under way: so many may be told twice for each kill."""
PEOPLE = """
from accounts.models import User
from notifications.models import Device
from notifications.services.devices import digest_of
users = User.objects.bulk_create([User(username=f"member{{n}}", password="!") for n in range({devices})])
Device.objects.bulk_create(
    [
        Device(user=user, address=f"phone-{{n}}", digest=digest_of(f"phone-{{n}}"), platform="android")
        for n, user in enumerate(users)
    ]
)
"""
TELL = """
from accounts.models import User
from notifications.models import Notification
from notifications.services.telling import tell
facts = {"title": "News", "body": "Tonight at eight we play together."}
users = User.objects.filter(username__startswith="member")
tell(Notification(user=user, kind="broadcast", thing="broadcast:1", facts=facts) for user in users)
"""


class Fcm:
    """In a process of its own, so that what it costs is not the worker's."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method: str, **arguments: Any) -> Any:
        return httpx.post(f"{self.url}/_test/{method}", json=arguments, timeout=60).raise_for_status().json()

    def taken(self) -> Counter[str]:
        return Counter(one["token"] for one in self.ask("accepted"))


@contextmanager
def fcm(folder: Path) -> Iterator[Fcm]:
    port = free_port()
    command = ["-m", "tests.servers.fcm", "--port", str(port), "--any-token", "--credentials"]
    process = subprocess.Popen([sys.executable, *command, str(folder / "fcm.json")], cwd=ROOT)
    server = Fcm(port)
    try:
        for _ in range(100):
            try:
                server.ask("latency", seconds=LATENCY)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(10)


class Site:
    def __init__(self, folder: Path, address: str, server: Fcm) -> None:
        environment = {
            "DATABASE_URL": address,
            "FCM_CREDENTIALS": str(folder / "fcm.json"),
            "FCM_API_URL": server.url,
            "JOB_LEASE_SECONDS": LEASE_SECONDS,
            "LOG_LEVEL": "error",
        }
        self.server = Server(folder / "data", environment=environment)
        self.server.prepare()

    def shell(self, program: str) -> None:
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        subprocess.run(command, env=self.server.surroundings(), cwd=ROOT, check=True)

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker"]
        return subprocess.Popen(command, env=self.server.surroundings(), cwd=ROOT)


@dataclass(frozen=True)
class Found:
    seconds: float
    """From the commit until every device was told."""
    cpu: float
    """Seconds of processor time that the last worker took."""
    taken: Counter[str]
    """How often each device was told."""


def everybody(server: Fcm, count: int, devices: int) -> bool:
    """Those told twice are in the count too, so it only says when to look at each device."""
    return count >= devices and len(server.taken()) >= devices


def run(site: Site, server: Fcm, devices: int, kills: int) -> Found:
    worker = site.worker()
    time.sleep(3)
    marks = [devices * number // (kills + 1) for number in range(1, kills + 1)]
    site.shell(TELL)
    began, cpu = time.monotonic(), Process(worker).cpu()
    try:
        while not everybody(server, count := server.ask("count_accepted"), devices):
            if marks and count >= marks[0]:
                marks.pop(0)
                worker.kill()
                worker.wait()
                worker, cpu = site.worker(), 0.0
            if time.monotonic() - began > ALLOWED_SECONDS * 10:
                break
            time.sleep(0.2)
        seconds, cpu = time.monotonic() - began, Process(worker).cpu() - cpu
        time.sleep(float(LEASE_SECONDS) * 2)  # whatever else may come
        return Found(seconds, cpu, server.taken())
    finally:
        worker.terminate()
        worker.wait(30)


def scenario(name: str, database: str, devices: int) -> bool:
    kills = KILLS if name == "kills" else 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hazesite-pushes-")))
        address = f"sqlite:///{folder}/hazebot.sqlite3"
        if database == "postgres":
            address = stack.enter_context(private_postgres()).address
        server = stack.enter_context(fcm(folder))
        site = Site(folder, address, server)
        site.shell(PEOPLE.format(devices=devices))
        found = run(site, server, devices, kills)
    seconds, taken = found.seconds, found.taken
    missed, twice = devices - len(taken), sum(count - 1 for count in taken.values())
    allowed = ALLOWED_SECONDS * devices / 10_000
    good = not missed and twice <= kills * AT_ONCE and (kills > 0 or seconds <= allowed)
    each = found.cpu / devices * 1000
    ratio = "" if kills else f", {seconds / allowed:.2f} of what is allowed, {each:.2f} ms CPU each"
    print(f"{database} {name}: {seconds:.1f} s{ratio}; {missed} missed, {twice} told twice", flush=True)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.pushes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgres"))
    parser.add_argument("--scenario", choices=("plain", "kills"))
    parser.add_argument("--devices", type=int, default=10_000)
    options = parser.parse_args()
    print(versions("django", "firebase-admin", "psycopg"))
    databases = [options.database] if options.database else ["sqlite", "postgres"]
    scenarios = [options.scenario] if options.scenario else ["plain", "kills"]
    good = [scenario(one, database, options.devices) for database in databases for one in scenarios]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
