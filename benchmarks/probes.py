"""What probes take: medians on an idle server, and their tail while every thread of the pool is taken.

    python -m benchmarks.probes                 # SQLite, then PostgreSQL with Redis
    python -m benchmarks.probes --place sqlite

It ends with an error when a median is beyond its budget (live 5 ms, ready 50, metrics 100), or one in a
hundred asks live of the busy server for longer than 250 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.processes import Place, begin, load, place
from tests.serving import PASSWORDS, USERS

BUDGETS = {
    "/health/live": 5.0,
    "/health/ready": 50.0,
    "/health/metrics": 100.0,
    "/metrics": 100.0,
    "/api/health": 5.0,
    "/api/health?detailed=true": 50.0,
}
BUSY_BUDGET, CROWD = 250.0, 24
BUSY_PATH = "/api/tickets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", choices=["sqlite", "redis"], action="append")
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    begin()
    over = []
    for kind in options.place or ["sqlite", "redis"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            place(kind, Path(folder), API_EXTRA_USERS=USERS, RATELIMIT_ENABLE="false") as where,
        ):
            over += measure(where, options.times)
    sys.exit(f"Beyond the budget: {', '.join(over)}" if over else 0)


def measure(where: Place, times: int) -> list[str]:
    with where.running([sys.executable, "manage.py", "prepare"]) as preparing:
        preparing.running.wait(120)
    print(f"\n{where.name}, {load()}\n\n| | median | p99 | budget |\n|---|---|---|---|")
    with where.serving() as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        server.settle()
        idle = {path: timed(client, path, times) for path in BUDGETS}
        for path, taken in idle.items():
            print(f"| {path} | {middle(taken):.1f} ms | {tail(taken):.1f} | {BUDGETS[path]:g} |")
        busy = under_load(client, times)
        for path, taken in busy.items():
            print(f"| {path}, {CROWD} at {BUSY_PATH} | {middle(taken):.1f} | {tail(taken):.1f} | |")
    over = [f"{where.name} {path}" for path, taken in idle.items() if middle(taken) > BUDGETS[path]]
    return over + [f"{where.name} busy {path}" for path in busy if tail(busy[path]) > BUSY_BUDGET]


def under_load(client: httpx.Client, times: int) -> dict[str, list[float]]:
    body = {"username": "ada", "password": PASSWORDS["ada"]}
    bearer = f"Bearer {client.post('/api/auth/login', json=body).raise_for_status().json()['token']}"
    stop = threading.Event()

    def keep_busy() -> None:
        with httpx.Client(base_url=client.base_url, headers={"Authorization": bearer}) as one:
            while not stop.is_set():
                one.get(BUSY_PATH, timeout=60)

    with ThreadPoolExecutor(CROWD) as crowd:
        for _ in range(CROWD):
            crowd.submit(keep_busy)
        try:
            time.sleep(2)
            return {"/health/live": timed(client, "/health/live", times)}
        finally:
            stop.set()


def timed(client: httpx.Client, path: str, times: int) -> list[float]:
    """Milliseconds; the first five do not count."""
    taken = []
    for _ in range(times + 5):
        started = time.perf_counter()
        client.get(path, timeout=30)
        taken.append((time.perf_counter() - started) * 1000)
        time.sleep(0.005)
    return taken[5:]


def middle(taken: list[float]) -> float:
    return statistics.median(taken)


def tail(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99)]


if __name__ == "__main__":
    main()
