"""The contract of workers, with real ones: killed, frozen, racing, stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serving import ROOT, Server

pytestmark = [pytest.mark.server, pytest.mark.workers]
LEASE = 2


class Place:
    """An installation without a web process: workers, and a way to enqueue."""

    def __init__(self, data: Path) -> None:
        self.data = self.folder = data
        self.environment = Server(data, environment={"JOB_LEASE_SECONDS": str(LEASE)}).surroundings()
        self.workers: list[subprocess.Popen[bytes]] = []
        self.manage("migrate", "-v0")

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


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(installed: Place, tmp_path: Path) -> Iterator[Place]:
    """With a trace of this test's own, and without workers."""
    installed.folder = tmp_path
    yield installed
    for worker in installed.workers:
        if worker.poll() is None:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
    installed.workers.clear()


def begun(lines: list[str]) -> list[str]:
    return [line.split()[1] for line in lines if line.startswith("begin")]


def test_a_job_of_a_killed_worker_is_done_by_another(place):
    first = place.worker()
    place.enqueue("take_long.enqueue(F, 4)")
    place.wait(begun)
    first.kill()
    second = place.worker()
    lines = place.wait(lambda lines: f"end {second.pid}" in lines)
    assert begun(lines) == [str(first.pid), str(second.pid)]
    assert place.states() == {"done": 1}


def test_a_long_job_keeps_its_lease(place):
    place.worker(), place.worker()
    place.enqueue(f"take_long.enqueue(F, {LEASE * 2.5})")
    place.wait(lambda lines: any(line.startswith("end") for line in lines))
    assert len(begun(place.lines)) == 1


def test_a_frozen_worker_that_comes_back_settles_nothing(place):
    frozen = place.worker()
    place.enqueue("take_long.enqueue(F, 4)")
    place.wait(begun)
    frozen.send_signal(signal.SIGSTOP)
    other = place.worker()
    place.wait(lambda lines: f"end {other.pid}" in lines)
    frozen.send_signal(signal.SIGCONT)
    place.wait(lambda lines: f"end {frozen.pid}" in lines)
    time.sleep(0.5)
    assert place.states() == {"done": 1}
    assert "job_lost_its_lease" in (place.data / "worker.out").read_text()


def test_racing_workers_do_each_job_once(place):
    place.enqueue("[leave_a_line.enqueue(F, str(number)) for number in range(60)]")
    for _ in range(2):
        place.worker(threads=3)
    place.wait(lambda lines: len(lines) >= 60)
    time.sleep(0.5)
    assert sorted(place.lines, key=int) == [str(number) for number in range(60)]


def test_a_failing_job_is_tried_again_until_it_succeeds(place):
    place.enqueue("fail_until.enqueue(F, 3)", "name_oneself.enqueue(F)")
    place.worker()
    place.wait(lambda lines: sorted(lines) == ["1", "try", "try", "try"])
    time.sleep(0.3)
    assert place.states() == {"done": 2}


def test_a_result_that_is_no_json_is_no_reason_to_do_it_again(place):
    place.enqueue("return_no_json.enqueue(F)")
    place.worker()
    place.wait(lambda lines: lines == ["done"])
    time.sleep(0.5)
    assert place.states() == {"done": 1}
    assert place.lines == ["done"]


def test_a_stopped_worker_finishes_what_it_has(place):
    worker = place.worker()
    place.enqueue("take_long.enqueue(F, 1.5)")
    place.wait(begun)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(12) == 0
    assert f"end {worker.pid}" in place.lines
    assert place.states() == {"done": 1}
