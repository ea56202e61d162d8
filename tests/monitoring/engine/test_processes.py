"""Engines as processes: killed and started again, racing, stopped, without their database for a while."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backends import postgres_programs, private_postgres
from tests.servers.targets import Targets
from tests.serving import ROOT, Server

pytestmark = [pytest.mark.server, pytest.mark.workers]
BEGIN = """
from datetime import timedelta
from django.utils import timezone
from monitoring.models import *
from monitoring.services import standing
for number in range({count}):
    made = Monitor.objects.create(name=f"m{{number}}", url={url!r}, type="http", interval={interval},
                                  severity="critical", response_time_warning_ms=None,
                                  response_time_critical_ms=None)
    standing.begin(made, timezone.now())
"""
SEEN = """
import json
from monitoring.models import *
print(json.dumps({
    "checks": [[m, at.timestamp()] for m, at in Check.objects.order_by("monitor_id", "at").values_list("monitor_id", "at")],
    "status": list(MonitorState.objects.order_by("pk").values_list("status", flat=True)),
    "held": MonitorState.objects.exclude(engine="").count(),
    "incidents": Incident.objects.count(),
    "open": Incident.objects.filter(resolved_at=None).count(),
    "spells": list(Spell.objects.order_by("pk").values_list("status", flat=True)),
}))
"""  # noqa: E501


class Place:
    def __init__(self, data: Path, **environment: str) -> None:
        given = {"MONITOR_ALLOW_PRIVATE_TARGETS": "true", "LOG_LEVEL": "warning", **environment}
        server = Server(data, environment=given)
        self.data, self.environment = data, server.surroundings()
        self.engines: list[subprocess.Popen[bytes]] = []
        data.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "-v0")

    def manage(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.stdout

    def begin(self, url: str, count: int, interval: int) -> None:
        self.manage("shell", "-v0", "-c", BEGIN.format(url=url, count=count, interval=interval))

    def engine(self) -> subprocess.Popen[bytes]:
        with (self.data / "engines.out").open("ab") as out:
            command = [sys.executable, "manage.py", "runmonitors"]
            started = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=out, stderr=out)
        self.engines.append(started)
        return started

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("shell", "-v0", "-c", SEEN).splitlines()[-1])
        return found

    def wait(self, until: Callable[[dict[str, Any]], Any], seconds: float = 60) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not until(seen := self.seen()):
            log = (self.data / "engines.out").read_text()[-3000:]
            assert time.monotonic() < deadline, f"{seen}\n{log}"
        return seen

    def end(self) -> None:
        for engine in self.engines:
            if engine.poll() is None:
                engine.send_signal(signal.SIGCONT)
                engine.kill()
                engine.wait()


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


def test_two_engines_share_the_work_and_check_nothing_twice(place, targets):
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
    assert after["incidents"] == 0


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
    assert (seen["incidents"], set(seen["spells"])) == (0, {"unknown", "up"})


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
            assert (seen["incidents"], set(seen["status"]), seen["held"]) == (0, {"up"}, 0)
            assert len(seen["checks"]) == arrivals(targets)
        finally:
            place.end()
