"""An installation of its own, with workers that a test may start, freeze and kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.serving import ROOT, Server

LEASE = 2


class Place:
    """An installation without a web process: workers, and a way to enqueue."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = self.folder = data
        server = Server(data, environment={"JOB_LEASE_SECONDS": str(LEASE), **environment})
        server.migrate()
        self.environment = server.surroundings()
        self.workers: list[subprocess.Popen[bytes]] = []

    def manage(self, *command: str) -> str:
        arguments = [sys.executable, "manage.py", *command]
        done = subprocess.run(
            arguments, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    def enqueue(self, *calls: str) -> None:
        program = f"from tests.jobs.work import *; F = {str(self.folder)!r}; {'; '.join(calls)}"
        self.manage("shell", "-v0", "-c", program)

    def states(self) -> Counter[str]:
        listed = f"from hazesite.models import Job; print(*Job.objects.filter(args__0={str(self.folder)!r})"
        return Counter(
            self.manage("shell", "-v0", "-c", f"{listed}.values_list('state', flat=True))").split()
        )

    def worker(self, threads: int = 2) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker", "--threads", str(threads)]
        with (self.data / "worker.out").open("ab") as out:
            started = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=out, stderr=out)
        self.workers.append(started)
        return started

    @property
    def lines(self) -> list[str]:
        trace = self.folder / "trace"
        return trace.read_text().splitlines() if trace.exists() else []

    def wait(self, until: Callable[[list[str]], bool], seconds: float = 20) -> list[str]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if until(self.lines):
                return self.lines
            time.sleep(0.05)
        raise AssertionError(f"{self.lines}\n{(self.data / 'worker.out').read_text()[-3000:]}")

    def end_workers(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()
        self.workers.clear()
