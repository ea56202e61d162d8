"""What a list, a search and a page of events cost in a small community and in one a hundred times its size.

    python -m benchmarks.lists                  # SQLite and a private PostgreSQL, 1000 and 100,000 tickets
    python -m benchmarks.lists --database sqlite --sizes 1000 20000 --keep

Each request goes through the whole of Django in this process, middleware and all, but over no network.
What counts is processor time, this process's and that of its PostgreSQL backend together, for on a busy
machine the clock measures the neighbours; `--wall` takes the clock. Small and large take turns. A total that
reached a thousand is not counted again for half a minute; `--first` asks as whoever asks first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.backends import private_postgres

FOLDER = Path(tempfile.gettempdir()) / "hazebot-benchmark-lists"
ALLOWED = 1.3
WALL, FIRST = "--wall" in sys.argv, "--first" in sys.argv


def cases() -> dict[str, tuple[str, str]]:
    """What is asked, and by whom."""
    from benchmarks import community as c

    listed = "/api/tickets"
    longest = "/api/tickets/{longest}"
    searches = {
        "a word of 3 tickets": c.RARE,
        "one of 1 % of tickets": f"{c.ONE_IN_A_HUNDRED}&limit=10",
        "one of 5 % of tickets": f"{c.ONE_IN_TWENTY}&limit=50",
        "one of 20 % of messages": c.ONE_IN_FIVE,
        "one of 50 % of messages": c.EVERY_OTHER,
        "the beginning of that": c.EVERY_OTHER[:4],
        "two letters": c.EVERY_OTHER[:2],
        "a word nobody said": c.NEVER,
        "a number": "%23500",
        "two words, half typed": f"{c.EVERY_OTHER}%20ba",
        "common, with status=claimed": f"{c.EVERY_OTHER}&status=claimed&limit=5",
        # The small community has one such ticket: shown is one in both.
        "5 %, with status=claimed": f"{c.ONE_IN_TWENTY}&status=claimed&limit=1",
    }
    return {
        "list, staff": ("staff0", listed),
        "list, 200 a page": ("staff0", f"{listed}?limit=200"),
        "list, second page": ("staff0", listed + "?cursor={cursor}"),
        "list, status=open": ("staff0", f"{listed}?status=open"),
        "list, status=claimed": ("staff0", f"{listed}?status=claimed&limit=20"),
        "list, status=closed": ("staff0", f"{listed}?status=closed"),
        "list, priority=urgent": ("staff0", f"{listed}?priority=urgent"),
        "list, assigned_to": ("staff0", listed + "?assigned_to={staff}"),
        "list, tag": ("staff0", f"{listed}?tag=vip"),
        "list, tag and status=open": ("staff0", f"{listed}?tag=vip&status=open&limit=20"),
        "list, owner of 40": ("member0", listed),
        **{f"search, {what}": ("staff0", f"{listed}?q={query}") for what, query in searches.items()},
        "search by an owner, rare": ("member0", f"{listed}?q={c.RARE}"),
        "search by an owner, common": ("member0", f"{listed}?q={c.EVERY_OTHER}"),
        "a ticket of 2000 messages": ("staff0", longest),
        "its events, first 100": ("staff0", f"{longest}/events?after=0&limit=100"),
        "its events, last 100": ("staff0", f"{longest}/events?after=1900&limit=100"),
        "its messages before the last": ("staff0", f"{longest}/messages?before_seq=1900"),
        "post a message": ("staff0", f"POST {longest}/messages"),
    }


class Site:
    """One community in one database, and how to ask it."""

    def __init__(self, size: int, settings: dict[str, Any]) -> None:
        from django.db import connections

        self.size = size
        self.database = connections.create_connection("default")
        self.database.settings_dict = self.database.settings_dict | settings
        self.clients: dict[str, Any] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        from django.db import connections

        connections["default"] = self.database
        yield

    def prepare(self) -> None:
        from django.core.management import call_command

        from benchmarks.community import Community
        from tickets.models import Ticket

        with self.open():
            call_command("migrate", verbosity=0)
            if not Ticket.objects.exists():
                Community(self.size).build()
            self.sign_in()

    def sign_in(self) -> None:
        from rest_framework.test import APIClient

        from accounts import services, tokens
        from accounts.models import User
        from tickets.models import Ticket

        for name in ("staff0", "member0"):
            session = services.start_session(User.objects.get(username=name), services.Device("", "Web"))
            client = APIClient()
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}")
            client.default_format = "json"
            self.clients[name] = client
        self.names = {
            "longest": Ticket.objects.order_by("-message_count").first().public_id,
            "staff": User.objects.get(username="staff1").user_id,
            "cursor": self.clients["staff0"].get("/api/tickets").json()["next_cursor"],
        }

    def ask(self, who: str, what: str) -> Any:
        method, _space, path = what.rpartition(" ")
        body = {"message": "The server restarts; please try once more."} if method else {}
        ask = getattr(self.clients[who], (method or "GET").lower())
        answer = ask(path.format(**self.names), **({"data": body} if method else {}))
        assert answer.status_code in (200, 201), answer.content
        return answer

    def queries(self, who: str, what: str) -> int:
        from django.test.utils import CaptureQueriesContext

        with self.open(), CaptureQueriesContext(self.database) as captured:
            self.ask(who, what)
        return len(captured)

    def cost(self, who: str, what: str, requests: int) -> float:
        """Milliseconds for one request: the quickest, for whatever else runs here only ever adds."""
        with self.open():
            self.ask(who, what)
            return min(self._timed(who, what) for _ in range(requests))

    def _timed(self, who: str, what: str) -> float:
        from hazesite import totals

        if FIRST:
            totals.reached.clear()
        started = self.clock()
        self.ask(who, what)
        return (self.clock() - started) * 1000

    def clock(self) -> float:
        if WALL:
            return time.perf_counter()
        if self.database.vendor == "sqlite":
            return time.process_time()
        # The first figure there: nanoseconds spent on a processor.
        spent = Path(f"/proc/{self.database.connection.info.backend_pid}/schedstat").read_text()
        return time.process_time() + int(spent.split()[0]) / 1e9


def measure(sites: list[Site], rounds: int, only: str) -> bool:
    """Print a line for each case; True when all stay within what is allowed."""
    kept = True
    print(f"{'':34}" + "".join(f"{site.size:>10,}" for site in sites) + f"{'ratio':>8}  queries")
    for name, (who, what) in cases().items():
        if only not in name:
            continue
        queries = [site.queries(who, what) for site in sites]
        costs: list[list[float]] = [[] for _ in sites]
        for _ in range(rounds):
            for site, found in zip(sites, costs, strict=True):
                found.append(site.cost(who, what, 5))
        typical = [statistics.median(found) for found in costs]
        ratio = typical[-1] / typical[0]
        kept &= ratio <= ALLOWED
        figures = "".join(f"{cost:>7.1f} ms" for cost in typical)
        asked = str(queries[0]) if len(set(queries)) == 1 else " → ".join(map(str, queries))
        print(f"{name:34}{figures}{ratio:>8.2f}  {asked}{'' if ratio <= ALLOWED else '  OVER'}", flush=True)
    return kept


@contextmanager
def sqlite(sizes: list[int]) -> Iterator[list[dict[str, Any]]]:
    yield [{"NAME": str(FOLDER / f"{size}.sqlite3")} for size in sizes]


@contextmanager
def postgres(sizes: list[int]) -> Iterator[list[dict[str, Any]]]:
    """On the server of `BENCHMARK_POSTGRES`, where the databases stay, or else on one of our own."""
    given = os.environ.get("BENCHMARK_POSTGRES", "")
    with ExitStack() as stack:
        address = given or stack.enter_context(private_postgres()).address
        with psycopg.connect(address, autocommit=True) as server:
            there = {name for (name,) in server.execute("SELECT datname FROM pg_database")}
            for size in sizes:
                if f"lists_{size}" not in there:
                    server.execute(f"CREATE DATABASE lists_{size}")
        os.environ["DATABASE_URL"] = address
        yield [{"NAME": f"lists_{size}"} for size in sizes]


def run(database: str, options: argparse.Namespace) -> bool:
    """In a process of its own: Django is set up once, for one kind of database."""
    with {"sqlite": sqlite, "postgres": postgres}[database](options.sizes) as settings:
        import django

        django.setup()
        sites = [Site(size, found) for size, found in zip(options.sizes, settings, strict=True)]
        for site in sites:
            print(f"{database}, {site.size:,} tickets", flush=True)
            site.prepare()
        print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        kept = measure(sites, options.rounds, options.only)
        print(f"load of this machine: {os.getloadavg()[0]:.1f}")
        for site in sites:
            site.database.close()
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000], help="How many tickets.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="Cases whose name holds this.")
    parser.add_argument("--wall", action="store_true", help="Take the clock.")
    parser.add_argument("--first", action="store_true", help="Remember no totals.")
    parser.add_argument("--fresh", action="store_true", help="Build anew what an earlier run kept.")
    parser.add_argument("--keep", action="store_true", help="Leave the SQLite files for the next run.")
    options = parser.parse_args()
    if options.fresh:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    os.environ |= {"DATA_DIR": str(FOLDER), "RATELIMIT_ENABLE": "false", "LOG_LEVEL": "error"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "hazesite.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ.pop("DATABASE_URL", None)
    if options.database == "both":
        again = [sys.executable, "-m", "benchmarks.lists", *sys.argv[1:], "--keep"]
        kept = [subprocess.call([*again, "--database", name]) == 0 for name in ("sqlite", "postgres")]
        passed = all(kept)
    else:
        passed = run(options.database, options)
    if not options.keep:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
