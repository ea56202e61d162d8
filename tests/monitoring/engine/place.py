"""An installation whose engines a test may start, freeze, kill, and put where there is no network."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.serving import ROOT, Server

BEGIN = """
from datetime import timedelta
from django.utils import timezone
from monitoring.models import *
from monitoring.services import standing
NotificationChannel.objects.create(
    name="ops", type="slack", config={{"webhook_url": "https://hooks.slack.com/x"}}, default=True)
for number in range({count}):
    made = Monitor.objects.create(name=f"m{{number}}", url={url!r}, type="http", interval={interval},
                                  severity="critical", response_time_warning_ms=None,
                                  response_time_critical_ms=None)
    standing.begin(made, timezone.now())
"""
SEEN = """
import json
from hazesite.models import Delivery
from monitoring.models import *
print(json.dumps({
    "checks": [[m, at.timestamp()] for m, at in Check.objects.order_by("monitor_id", "at").values_list("monitor_id", "at")],
    "status": list(MonitorState.objects.order_by("pk").values_list("status", flat=True)),
    "held": MonitorState.objects.exclude(engine="").count(),
    "incidents": Incident.objects.count(),
    "open": Incident.objects.filter(resolved_at=None).count(),
    "told": list(Delivery.objects.order_by("pk").values_list("thing", flat=True)),
    "spells": list(Spell.objects.order_by("pk").values_list("status", flat=True)),
}))
"""  # noqa: E501


class Place:
    """`inside`: what an engine's command is put behind, `nsenter`, say."""

    def __init__(self, data: Path, inside: Sequence[str] = (), **environment: str) -> None:
        given = {"MONITOR_ALLOW_PRIVATE_TARGETS": "true", "LOG_LEVEL": "warning", **environment}
        server = Server(data, environment=given)
        data.mkdir(parents=True, exist_ok=True)
        server.migrate()
        self.data, self.environment = data, server.surroundings()
        self.inside = tuple(inside)
        self.engines: list[subprocess.Popen[bytes]] = []
        if "DATABASE_URL" in environment:
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
            command = [*self.inside, sys.executable, "manage.py", "runmonitors"]
            started = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=out, stderr=out)
        self.engines.append(started)
        return started

    def seen(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("shell", "-v0", "-c", SEEN).splitlines()[-1])
        return found

    def wait(self, until: Callable[[dict[str, Any]], Any], seconds: float = 120) -> dict[str, Any]:
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
