"""The contract of workers, with real ones: killed, frozen, racing, stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import LEASE, Place

pytestmark = [pytest.mark.server, pytest.mark.workers]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def place(installed: Place, tmp_path: Path) -> Iterator[Place]:
    """With a trace of this test's own, and without workers."""
    installed.folder = tmp_path
    yield installed
    installed.end_workers()


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
