"""What counting costs: the same requests through the whole server, with and without it.

    python -m benchmarks.counting [--requests 5000]

Requests go through the outermost layer in one process, with and without in turns. Printed is the ratio of the
processor time of the quicker ones (the first quartile: what takes longer was disturbed); it ends with an
error beyond 1.03. Then what a query pays for it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT = 1.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        token = prepare(Path(folder))
        ratio = asyncio.run(compare(token, options.requests))
        cost_of_a_query()
    sys.exit(f"Counting costs {ratio:.3f} times as much" if ratio > LIMIT else 0)


def prepare(folder: Path) -> str:
    os.environ |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "hazesite.settings"}
    os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "error", "HTTP_THREADS": "1"}
    sys.argv[1:] = ["web"]  # so it counts in files, as the product does
    import django

    django.setup()
    from django.core.management import call_command

    from accounts import services, tokens
    from hazesite.metrics.counters import FOLDER

    assert FOLDER is not None
    call_command("migrate", verbosity=0)
    user = services.add_user("ada", "analytical-engine-1", "admin")
    return tokens.issue(services.start_session(user, services.Device()))


async def compare(token: str, requests: int) -> float:
    from hazesite.asgi import application
    from hazesite.metrics import requests as counted

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message: Any) -> None:
            return

        headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())]
        await application(
            {
                "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
                "scheme": "http", "path": "/api/tickets", "raw_path": b"/api/tickets", "query_string": b"",
                "headers": headers, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
            },  # type: ignore[arg-type]
            receive,  # type: ignore[arg-type]
            send,
        )  # fmt: skip

    real, taken = counted.note, {True: [], False: []}  # type: ignore[var-annotated]
    for number in range(requests * 2 + 200):
        counting = number % 4 in (1, 2)
        counted.note = real if counting else lambda *_: None
        started = time.process_time()
        await ask()
        if number >= 200:
            taken[counting].append((time.process_time() - started) * 1e6)
    counted.note = real
    typical = {counting: statistics.quantiles(times, n=4)[0] for counting, times in taken.items()}
    print(f"GET /api/tickets: {typical[False]:.0f} µs without, {typical[True]:.0f} with counting,", end=" ")
    print(f"ratio {typical[True] / typical[False]:.3f}")
    return typical[True] / typical[False]


def cost_of_a_query() -> None:
    from django.db import connection

    from hazesite import query_counts

    wrapper, times = query_counts._count, 20_000
    with connection.cursor() as cursor:

        def once(wrapped: bool) -> float:
            connection.execute_wrappers[:] = [wrapper] if wrapped else []
            started = time.process_time()
            for _ in range(times):
                cursor.execute("SELECT 1")
            return (time.process_time() - started) / times * 1e6

        found = {wrapped: min(once(wrapped) for _ in range(5)) for wrapped in (False, True)}
    connection.execute_wrappers[:] = [wrapper]
    print(f"a query: {found[False]:.2f} µs without, {found[True]:.2f} counted")


if __name__ == "__main__":
    main()
