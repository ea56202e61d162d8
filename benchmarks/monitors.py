"""The check engine on a target that notes when it is asked: how late, how much of the machine, how many.

    python -m benchmarks.monitors                              # SQLite, all scenarios, about ten minutes
    python -m benchmarks.monitors --database postgresql --only history many

`history`: 1000 monitors every 20 s, with a year of sums.  `many`: 5000 every 20 s, and whether
a slot is missed.  `saturated`: 5000 that are always due, for checks a second.  `alerts`: 100 monitors of which
50 fail and recover: from the failing answer until the incident can be read.  Lag is seen at the target: the
arrival after the slot of the grid, and the gap between two arrivals less the interval (as Uptime Kuma's was
measured).  Uptime Kuma 2.5.3 on two cores of the same kind stands beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil

from monitoring.grid import offset
from tests.backends import private_postgres
from tests.serving import ROOT, Server, free_port

INTERVAL = 20
HOSTS = 100
KUMA = {
    "history": "gap lag p50 0.9 ms, p99 2.8 s, max 3.2 s; 20.7 % of a core; 1769 MiB; first round 263 s",
    "plain": "gap lag p50 0.5 ms, p99 19 ms, max 229 ms; 25.1 % of a core; 274 MiB; first round 25 s",
    "many": "gap lag p50 1.8 s, p99 4.5 s; 68 % of a core; 1004 MiB; 764 slots missed in 81 s (4 %)",
    "saturated": "about 237 checks/s",
    "alerts": "p50 6 ms, max 19 ms (the webhook, sent before the result is stored)",
}
FILL = """
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from monitoring.models import *
from monitoring.grid import slot_at_or_after
now = timezone.now()
Monitor.objects.bulk_create([
    Monitor(name=f"m{{n:05}}", type="http", interval={interval}, timeout=15, severity="critical",
            url=f"http://127.0.0.{{1 + n % {hosts}}}:{port}/m/{{n}}", response_time_warning_ms=None,
            response_time_critical_ms=None)
    for n in range({count})
], batch_size=500)
rows = list(Monitor.objects.order_by("pk"))
for monitor in rows:
    monitor.url = monitor.url.rpartition("/")[0] + f"/{{monitor.pk}}"
Monitor.objects.bulk_update(rows, ["url"], batch_size=200)
MonitorState.objects.bulk_create([
    MonitorState(monitor=m, status="up", next_check_at=slot_at_or_after(m.pk, m.interval, now)) for m in rows
], batch_size=500)
Spell.objects.bulk_create(
    [Spell(monitor=m, status="up", started_at=now - timedelta(days=365)) for m in rows], batch_size=500
)
sums = "up, down, unknown, maintenance, sum_ms, min_ms, max_ms, " + ", ".join(f"ms_{{n}}" for n in range(12))
values = "180, 0, 0, 0, 18000, 80, 120, " + ", ".join("180" if n == 4 else "0" for n in range(12))
with connection.cursor() as cursor:
    for table, steps, unit in (("hourstat", {hours}, "hours"), ("daystat", {days}, "days")):
        name = f"monitoring_{{table}}"
        if not steps:
            continue
        if connection.vendor == "postgresql":
            start = f"date_trunc('{{unit[:-1]}}', now() at time zone 'utc') at time zone 'utc' - n * interval '1 {{unit[:-1]}}'"
            series = f"(SELECT generate_series(1, {{steps}}) AS n) s"
        else:
            fmt = "%Y-%m-%d %H:00:00" if unit == "hours" else "%Y-%m-%d 00:00:00"
            start = f"strftime('{{fmt}}', 'now', '-' || n || ' {{unit}}')"
            series = f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {{steps}}) SELECT n FROM c) s"
        sql = f"INSERT INTO {{name}} (monitor_id, start, {{sums}}) SELECT id, {{start}}, {{values}} FROM monitoring_monitor, {{series}} ORDER BY 1, 2"
        cursor.cursor.execute(sql) if connection.vendor == "sqlite" else cursor.execute(sql)
"""


# ruff: noqa: E501 - the program above


# --- the target, in a process of its own -------------------------------------
class Target(asyncio.Protocol):
    arrivals: list[tuple[int, float]] = []
    failing: set[int] = set()
    failed: dict[int, float] = {}

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.time()
        path = data.split(b" ", 2)[1].decode()
        status, body = self.answer(path, now)
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    def answer(self, path: str, now: float) -> tuple[int, bytes]:
        verb, _slash, rest = path[1:].partition("/")
        if verb == "m":
            key = int(rest)
            self.arrivals.append((key, now))
            if key in self.failing:
                self.failed.setdefault(key, now)
                return 500, b"no"
            return 200, b"ok"
        if verb == "fail":
            self.failing.clear()
            self.failed.clear()
            self.failing.update(int(one) for one in rest.split(",") if one)
            return 200, b"ok"
        if verb == "failed":
            return 200, json.dumps(self.failed).encode()
        if verb == "count":
            return 200, str(len(self.arrivals)).encode()
        return 200, json.dumps(self.arrivals).encode()


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Target, "0.0.0.0", port, backlog=4096)
    await server.serve_forever()


@contextmanager
def target() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.monitors", "--target", str(port)], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                httpx.get(f"{url}/count")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


# --- the engine ---------------------------------------------------------------
@dataclass
class Used:
    seconds: float
    cpu_percent: float
    rss_mib: float


class Site:
    def __init__(self, folder: Path, address: str) -> None:
        environment = {
            "DATABASE_URL": address,
            "MONITOR_ALLOW_PRIVATE_TARGETS": "true",
            "LOG_LEVEL": "warning",
            "KEEP_HISTORY_DAYS": "30",
        }
        self.server = Server(folder / "data", environment={k: v for k, v in environment.items() if v})
        self.server.prepare()

    def shell(self, program: str) -> str:
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        done = subprocess.run(
            command, env=self.server.surroundings(), cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    @contextmanager
    def engine(self) -> Iterator[psutil.Process]:
        command = [sys.executable, "manage.py", "runmonitors"]
        process = subprocess.Popen(command, env=self.server.surroundings(), cwd=ROOT)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(30)


def watch(process: psutil.Process, seconds: float) -> Used:
    before, began, largest = process.cpu_times(), time.monotonic(), 0.0
    while time.monotonic() - began < seconds:
        time.sleep(0.5)
        largest = max(largest, process.memory_info().rss / 2**20)
    after, took = process.cpu_times(), time.monotonic() - began
    busy = after.user + after.system - before.user - before.system
    return Used(took, 100 * busy / took, largest)


# --- what was seen ---------------------------------------------------------------
def percentiles(values: Sequence[float]) -> str:
    if not values:
        return "nothing"
    ordered = sorted(values)
    shown = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 99)}
    shown["max"] = ordered[-1]
    return ", ".join(f"{name} {value * 1000:.1f} ms" for name, value in shown.items())


def report(
    name: str, count: int, arrivals: Sequence[tuple[int, float]], since: float, until: float, began: float
) -> None:
    by_monitor: dict[int, list[float]] = defaultdict(list)
    for key, at in arrivals:
        by_monitor[key].append(at)
    seen = [(key, at) for key, at in arrivals if since <= at < until]
    late = [(at - offset(key, INTERVAL) + INTERVAL / 2) % INTERVAL - INTERVAL / 2 for key, at in seen]
    gaps = [
        after - before - INTERVAL
        for times in by_monitor.values()
        for before, after in pairwise(times)
        if after >= since
    ]
    due = sum(slots(key, since, until) for key in by_monitor)
    first = [times[0] for times in by_monitor.values()]
    print(f"  after the slot: {percentiles(late)}; gap lag: {percentiles(gaps)}")
    print(
        f"  slots {due}, checks {len(seen)}, missed {max(0, due - len(seen))}, extra {max(0, len(seen) - due)}"
    )
    if len(by_monitor) == count:
        print(f"  first round complete {max(first) - min(first):.1f} s after the first check, "
              f"{max(first) - began:.1f} s after the start")  # fmt: skip
    else:
        print(f"  only {len(by_monitor)} of {count} were ever checked")


def slots(key: int, since: float, until: float) -> int:
    start = offset(key, INTERVAL)
    return int((until - start) // INTERVAL) - int((since - start) // INTERVAL)


def steady(site: Site, url: str, name: str, count: int, hours: int, seconds: int) -> None:
    fill(site, url, count, INTERVAL, hours)
    with site.engine() as process:
        began = time.time()
        time.sleep(INTERVAL + 15)
        since = time.time()
        used = watch(process, seconds)
        until = time.time() - 1.0
        time.sleep(2)
        arrivals = [tuple(one) for one in httpx.get(f"{url}/arrivals", timeout=60).json()]
    print(f"{name}: {count} monitors every {INTERVAL} s, {hours} hours of sums each")
    report(name, count, arrivals, since, until, began)
    print(f"  {used.cpu_percent:.1f} % of a core, {used.rss_mib:.0f} MiB")
    print(f"  Uptime Kuma: {KUMA[name]}")


def fill(site: Site, url: str, count: int, interval: int, hours: int = 0) -> None:
    port = url.rpartition(":")[2]
    program = FILL.format(
        count=count, interval=interval, hosts=HOSTS, port=port, hours=hours, days=hours // 24
    )
    began = time.monotonic()
    site.shell(program)
    if time.monotonic() - began > 30:
        print(f"  (filled in {time.monotonic() - began:.0f} s)")


def saturated(site: Site, url: str, count: int, seconds: int) -> None:
    fill(site, url, count, 1)
    with site.engine() as process:
        time.sleep(10)
        before = int(httpx.get(f"{url}/count").text)
        used = watch(process, seconds)
        made = int(httpx.get(f"{url}/count").text) - before
    print(
        f"saturated: {made / used.seconds:.0f} checks/s, {used.cpu_percent:.0f} % of a core, {used.rss_mib:.0f} MiB"
    )
    print(f"  Uptime Kuma: {KUMA['saturated']}")


ALERTS = """
import json, time, urllib.request
from django.db import connections
from monitoring.models import Incident
url, wanted, seen = {url!r}, set({keys}), {{}}
def wait(**query):
    seen.clear()
    end = time.time() + 60
    while len(seen) < len(wanted) and time.time() < end:
        for key in Incident.objects.filter(monitor__in=wanted, **query).values_list("monitor", flat=True):
            seen.setdefault(key, time.time())
        time.sleep(0.002)
urllib.request.urlopen(url + "/fail/" + ",".join(map(str, wanted)))
wait(resolved_at=None)
failed = json.load(urllib.request.urlopen(url + "/failed"))
print(json.dumps([seen[key] - failed[str(key)] for key in seen]))
"""


def alerts(site: Site, url: str) -> None:
    fill(site, url, 100, INTERVAL)
    keys = json.loads(
        site.shell(
            "from monitoring.models import *; print(list(Monitor.objects.values_list('pk', flat=True)[:50]))"
        )
    )
    with site.engine():
        time.sleep(8)
        delays = json.loads(site.shell(ALERTS.format(url=url, keys=keys)).splitlines()[-1])
        time.sleep(1)
        doubled = site.shell("from monitoring.models import *; print(Incident.objects.count())").strip()
    print(
        f"alerts: {len(delays)} of 50 incidents, {doubled} in all, after the failing answer: {percentiles(delays)}"
    )
    print(f"  Uptime Kuma: {KUMA['alerts']}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", nargs="*", choices=("history", "plain", "many", "saturated", "alerts"))
    parser.add_argument("--hours", type=int, default=8760, help="of sums for each monitor in `history`")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--target", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.target:
        import uvloop

        uvloop.run(serve(given.target))
        return
    runs = {
        "history": lambda site, url: steady(site, url, "history", 1000, given.hours, given.seconds),
        "plain": lambda site, url: steady(site, url, "plain", 1000, 0, given.seconds),
        "many": lambda site, url: steady(site, url, "many", 5000, 0, given.seconds),
        "saturated": lambda site, url: saturated(site, url, 5000, given.seconds // 2),
        "alerts": alerts,
    }
    for name in given.only or runs:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hazesite-monitors-")))
            address = (
                stack.enter_context(private_postgres()).address if given.database == "postgresql" else ""
            )
            runs[name](Site(folder, address), stack.enter_context(target()))


if __name__ == "__main__":
    main()
