"""Engines as processes: killed and started again, racing, stopped, without their database for a while."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backends import postgres_programs, private_postgres
from tests.monitoring.engine.place import Place
from tests.servers.targets import Targets

pytestmark = [pytest.mark.server, pytest.mark.workers]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "data")
    yield made
    made.end()


def fewest(seen: dict[str, Any], count: int) -> int:
    """How often the one was checked that was checked least."""
    checks = Counter(key for key, _at in seen["checks"])
    return min(checks.values()) if len(checks) == count else 0


def arrivals(targets: Targets) -> int:
    return len(targets.seen)


def test_two_engines_share_the_work_check_nothing_twice_and_tell_nothing_twice(place, targets):
    targets.seen.clear()
    targets.status = 200
    place.begin(f"{targets.base_url}/settable", count=30, interval=3)
    place.engine(), place.engine()
    place.wait(lambda seen: fewest(seen, 30) >= 3)
    targets.status = 500
    place.wait(lambda seen: seen["open"] == 30)
    targets.status = 200
    place.wait(lambda seen: seen["open"] == 0 and set(seen["status"]) == {"up"})
    for engine in place.engines:
        engine.terminate()
    assert [engine.wait(30) for engine in place.engines] == [0, 0]
    seen = place.seen()
    assert seen["incidents"] == 30
    assert Counter(thing.rpartition(":")[2] for thing in seen["told"]) == {"down": 30, "up": 30}
    # What two had checked would have been asked for twice and stored once.
    assert len(seen["checks"]) == arrivals(targets)
    assert seen["held"] == 0


def test_what_a_killed_engine_held_is_checked_by_the_next(place, targets):
    place.begin(f"{targets.base_url}/slow?seconds=2", count=5, interval=1)
    first = place.engine()
    place.wait(lambda seen: seen["held"] > 0)
    first.kill()
    first.wait()
    before = place.seen()
    place.engine()
    after = place.wait(lambda seen: fewest(seen, 5) > 0 and len(seen["checks"]) > len(before["checks"]) + 5)
    assert set(after["status"]) == {"up"}
    assert (after["incidents"], after["told"]) == (0, [])


def test_an_engine_that_was_frozen_settles_nothing_that_another_has(place, targets):
    place.begin(f"{targets.base_url}/slow?seconds=1", count=3, interval=1)
    frozen = place.engine()
    place.wait(lambda seen: seen["held"] > 0)
    frozen.send_signal(signal.SIGSTOP)
    place.engine()
    before = len(place.seen()["checks"])
    place.wait(lambda seen: len(seen["checks"]) > before + 3)
    frozen.send_signal(signal.SIGCONT)
    seen = place.wait(lambda seen: fewest(seen, 3) > 3)
    assert (seen["incidents"], seen["told"], set(seen["spells"])) == (0, [], {"unknown", "up"})


@pytest.mark.skipif(postgres_programs() is None, reason="needs PostgreSQL")
def test_a_database_that_is_started_again_loses_no_result(tmp_path, targets):
    targets.seen.clear()
    with private_postgres() as database:
        place = Place(tmp_path / "data", DATABASE_URL=database.address)
        try:
            place.begin(f"{targets.base_url}/ok", count=10, interval=2)
            engine = place.engine()
            place.wait(lambda seen: fewest(seen, 10) >= 1)
            database.process.send_signal(signal.SIGINT)
            database.process.wait(30)
            made = arrivals(targets)
            time.sleep(3)
            database.process = database.start()
            database.await_ready()
            place.wait(lambda seen: len(seen["checks"]) > made + 20)
            engine.terminate()
            assert engine.wait(30) == 0
            seen = place.seen()
            assert (seen["incidents"], seen["told"]) == (0, [])
            assert (set(seen["status"]), seen["held"]) == ({"up"}, 0)
            assert len(seen["checks"]) == arrivals(targets)
        finally:
            place.end()
