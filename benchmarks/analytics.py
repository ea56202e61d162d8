"""What the analytics cost: answers over millions of uses, writing uses down, noting them in a request.

    python -m benchmarks.analytics                                # 5 million uses, PostgreSQL and SQLite
    python -m benchmarks.analytics --database postgres --events 50000000
    python -m benchmarks.analytics --part overhead --database sqlite

answers   a month of use is made in the database (a tenth of it first), added up, and each answer is asked
          for; p95 by the clock, and how much more than the tenth costs: with ten times as many people too,
          or with --people by the same ones
ingest    uses of 500 people, written in batches as the thread of a web process writes them
overhead  reading a ticket through the whole of Django with collecting on and off, in turns: processor time of
          noting a use and of writing it down, and of a request

It ends with an error when something is beyond its budget.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Any

from tests.backends import private_postgres

ANSWER_MS = {"postgres": 300.0, "sqlite": 1000.0}
OVERVIEW_MS, EVENTS_PER_SECOND, OVERHEAD = 50.0, 2000.0, 0.02
DAYS, A_SESSION, A_VISITOR = 30, 20, 500
CHUNK = 500_000
over: list[str] = []


def line(name: str, figure: str, *, kept: bool = True) -> None:
    print(f"{name:44}{figure}{'' if kept else '  OVER'}", flush=True)
    if not kept:
        over.append(name)


def load() -> str:
    return f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())} on {os.cpu_count()} processors"


# --- a month of use ----------------------------------------------------------
FEATURES = (
    "tickets.list", "tickets.read", "tickets.message", "memes.random", "notifications.read", "profile",
    "rocketleague.stats", "memes.make", "tickets.open", "tickets.attach", "desk.claim", "desk.close",
)  # fmt: skip
KIND = """
  CASE (v % 10) WHEN 0 THEN 'Windows' WHEN 1 THEN 'iOS' WHEN 2 THEN 'iOS' WHEN 3 THEN 'Web' WHEN 4 THEN 'Web'
    WHEN 5 THEN 'Web' ELSE 'Android' END,
  CASE (v % 7) WHEN 0 THEN '2.3.0' WHEN 1 THEN '' WHEN 2 THEN '2.4.1' WHEN 3 THEN '2.4.1' ELSE '2.5.0' END,
  CASE (v % 50) WHEN 0 THEN 'moderator' ELSE 'lootling' END"""
NAMED = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(FEATURES))


def numbers(vendor: str) -> str:
    if vendor == "postgresql":
        return "SELECT generate_series($a::bigint, $b::bigint) AS i"
    return "WITH RECURSIVE n(i) AS (SELECT $a UNION ALL SELECT i + 1 FROM n WHERE i < $b) SELECT i FROM n"


def moment(vendor: str, seconds: str) -> str:
    if vendor == "postgresql":
        return f"'$begin'::timestamptz + make_interval(secs => {seconds})"
    return f"datetime('$begin', '+' || ({seconds}) || ' seconds')"


def spread(visitors: int) -> str:
    """Who and when, of a session's number: evenings are busier, and a few come much more often."""
    return (
        f"1 + (s * 7919 % {visitors}) * (s * 104729 % {visitors}) / {visitors} AS v, "
        f"(s * 6700417 % {DAYS}) * 86400 + (s * 15485863 % 86400) * (s * 32452843 % 86400) / 86400 AS at"
    )


def build(events: int, visitors: int) -> float:
    """Seconds it took. What was there goes."""
    from django.db import connection

    from analytics.models import Progress, SessionDay, UsageDay, UsageSession, Visitor

    started = time.perf_counter()
    begin, vendor = _first_moment(), connection.vendor
    _empty(vendor)
    for model in (UsageSession, UsageDay, SessionDay, Visitor, Progress):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        if vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        for low in range(1, events + 1, CHUNK):
            given = {"a": low, "b": min(events, low + CHUNK - 1), "begin": begin}
            cursor.execute(Template(_uses(vendor, visitors)).substitute(given))
        given = {"a": 0, "b": events // A_SESSION, "begin": begin}
        cursor.execute(Template(_sessions(vendor, visitors)).substitute(given))
        if vendor == "postgresql":
            cursor.execute("ANALYZE analytics_featureuse, analytics_usagesession")
    first = date.fromisoformat(begin[:10])
    rows = (Visitor(pk=v + 1, key=v, first_day=first + timedelta(days=v % DAYS)) for v in range(visitors))
    Visitor.objects.bulk_create(rows, batch_size=5000)
    if vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('analytics_visitor', 'id'), %s)", [visitors])
    return time.perf_counter() - started


def _empty(vendor: str) -> None:
    from django.db import connection

    from analytics import days
    from analytics.models import FeatureUse
    from hazesite import partitions

    with connection.cursor() as cursor:
        cursor.execute(f"{'TRUNCATE' if vendor == 'postgresql' else 'DELETE FROM'} analytics_featureuse")
    today = days.today()
    partitions.ensure(FeatureUse, list(days.days(today - days.DAY * (DAYS + 1), today + days.DAY)))


def _first_moment() -> str:
    from analytics import days

    begin = days.begin_of(days.today() - days.DAY * (DAYS - 1))
    return begin.strftime("%Y-%m-%d %H:%M:%S")


def _uses(vendor: str, visitors: int) -> str:
    at = moment(vendor, "at + i % 20 * 17")
    return f"""
        INSERT INTO analytics_featureuse
          (at, visitor, session, feature, uses, failures, platform, version, role)
        SELECT {at}, v, s, CASE (i * 31 % 144 * (i % 12) / 144) {NAMED} END,
          1 + i % 3, CASE i % 97 WHEN 0 THEN 1 ELSE 0 END, {KIND}
        FROM (SELECT i, s, {spread(visitors)}
              FROM (SELECT i, i / {A_SESSION} AS s FROM ({numbers(vendor)}) AS a) AS b) AS c"""


def _sessions(vendor: str, visitors: int) -> str:
    end = moment(vendor, "at + 60 + s % 1800")
    return f"""
        INSERT INTO analytics_usagesession
          (thread, visitor, started_at, last_at, ended_at, actions, device, country, platform, version, role)
        SELECT s, v, {moment(vendor, "at")}, {end}, {end}, {A_SESSION}, 'Pixel ' || s % 9, 'DE', {KIND}
        FROM (SELECT i AS s, {spread(visitors).replace("s *", "i *")} FROM ({numbers(vendor)}) AS a) AS b"""


# --- answers -----------------------------------------------------------------
def asked() -> dict[str, Callable[[], Any]]:
    from analytics.answers import desk, errors, features, overview, people, sessions
    from analytics.answers.window import last_days, window

    month, android = last_days(DAYS), window(length=DAYS, platform="Android")
    steps = ("tickets.list", "tickets.read", "tickets.message", "tickets.attach")
    return {
        "overview, 7 days": lambda: overview.stats(7),
        "overview, all time": lambda: overview.stats(None),
        "people: day, week, month": lambda: people.users(month),
        "people on Android": lambda: people.users(android),
        "retention by day": lambda: people.retention(month, 1),
        "retention by week": lambda: people.retention(month, 7),
        "features": lambda: features.ranking(month),
        "features on Android": lambda: features.ranking(android),
        "features compared": lambda: features.comparison(last_days(DAYS // 2)),
        "one feature": lambda: features.one(month, "tickets.read"),
        "funnel of 4": lambda: features.funnel(month, steps),
        "funnel of 4 on Android": lambda: features.funnel(android, steps),
        "sessions and their lengths": lambda: sessions.sessions(month),
        "platforms": lambda: sessions.breakdown(month, "platform"),
        "versions": lambda: sessions.breakdown(month, "version"),
        "uses by hour of the week": lambda: sessions.actions(month),
        "errors": lambda: errors.errors(month),
        "the desk": lambda: desk.desk(month),
        "people online": sessions.online,
    }


def timed(ask: Callable[[], Any], rounds: int) -> list[float]:
    """Milliseconds, in order."""
    ask()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        found.append((time.perf_counter() - started) * 1000)
    return sorted(found)


def answers(name: str, events: int, people: int, rounds: int) -> None:
    small: dict[str, float] = {}
    for size in (events // 10, events):
        visitors = people or max(50, size // A_VISITOR)
        took = build(size, visitors)
        print(f"\n{name}: {size:,} uses by {visitors:,} people made in {took:.0f} s; {load()}")
        _add_up(size)
        for what, ask in asked().items():
            times = timed(ask, rounds)
            p95, median = times[-1 - rounds // 20], statistics.median(times)
            if size < events:
                small[what] = median
                continue
            budget = OVERVIEW_MS if what.startswith("overview") else ANSWER_MS[name]
            grown = f"{median / small[what]:6.2f} x a tenth"
            line(what, f"median {median:8.1f} ms   p95 {p95:8.1f} ms   {grown}", kept=p95 <= budget)


def _add_up(size: int) -> None:
    from analytics import days
    from analytics.models import UsageDay
    from analytics.rollups import running

    started = time.perf_counter()
    running.run_since(days.today() - days.DAY * (DAYS - 1))
    whole = time.perf_counter() - started
    line("adding up the whole month", f"{whole:8.1f} s, {size / whole:,.0f} uses a second")
    started = time.perf_counter()
    running.run()
    line("adding up what is new", f"{time.perf_counter() - started:8.1f} s, {UsageDay.objects.count()} rows")


# --- writing and noting ------------------------------------------------------
def people() -> list[int]:
    from accounts.models import User

    names = [f"bench{number}" for number in range(500)]
    User.objects.bulk_create([User(username=name) for name in names], ignore_conflicts=True)
    return list(User.objects.filter(username__in=names).values_list("pk", flat=True))


def ingest(total: int = 40_000) -> None:
    from analytics.collecting.buffering import BATCH
    from analytics.collecting.seen import Seen
    from analytics.collecting.storing import store

    keys, now = people(), time.time()
    uses = [
        Seen(now, keys[n * 7919 % len(keys)], "lootling", f"of-{n * 7919 % len(keys)}", "", FEATURES[n % 5],
             False, "Android", "2.5.0", "Pixel 9", "203.0.113.9")
        for n in range(total)
    ]  # fmt: skip
    started, cpu = time.perf_counter(), time.process_time()
    for low in range(0, total, BATCH):
        store(uses[low : low + BATCH])
    rate = total / (time.perf_counter() - started)
    share = (time.process_time() - cpu) / total * EVENTS_PER_SECOND
    told = f"{rate:,.0f} uses a second; {share:.0%} of a processor at {EVENTS_PER_SECOND:,.0f} a second"
    line("writing uses down", told, kept=rate >= EVENTS_PER_SECOND)


def overhead(rounds: int = 12, requests: int = 2000) -> None:
    """A round is what a busy process writes at once: a batch."""
    from django.conf import settings
    from rest_framework.test import APIClient

    from accounts import services as accounts
    from accounts import tokens
    from accounts.models import User
    from analytics.collecting import buffer, buffering
    from tickets import services

    buffering.GATHER_SECONDS = 36_000  # the thread does not write meanwhile
    user = User.objects.create_user(f"hot{time.time_ns()}")
    ticket = services.open_ticket(user, "It does not start", "Nothing happens.")
    for number in range(20):
        services.post_message(ticket.public_id, user, f"Word number {number}.")
    client, path = APIClient(), f"/api/tickets/{ticket.public_id}"
    session = accounts.start_session(user, accounts.Device("", "Android", "2.5.0"))
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}", HTTP_X_SESSION_ID="start-0001")
    whole: dict[bool, list[float]] = {True: [], False: []}
    writing = []
    gc.disable()
    for number in range(rounds * 2):
        settings.ANALYTICS = number % 4 in (1, 2)
        began = time.process_time()
        for _ in range(requests):
            assert client.get(path).status_code == 200
        answered = time.process_time()
        buffer.flush()
        ended = time.process_time()
        whole[settings.ANALYTICS].append((ended - began) / requests * 1e6)
        if settings.ANALYTICS:
            writing.append((ended - answered) / requests * 1e6)
        gc.collect()
    gc.enable()
    settings.ANALYTICS = True
    alone, noted, written = statistics.median(whole[False]), _noting(client, path), statistics.median(writing)
    share = (noted + written) / alone
    told = f"{noted:.1f} + {written:.1f} us of a request's {alone:.0f}: {share:.2%}"
    line("noting a use and writing it down", told, kept=share <= OVERHEAD)
    on, least = statistics.median(whole[True]), min(whole[True]) / min(whole[False]) - 1
    line("requests with and without", f"{on / alone - 1:+.1%} (quickest: {least:+.1%}); noise included")


def _noting(client: Any, path: str, times: int = 10_000) -> float:
    """Microseconds."""
    from analytics.collecting import buffer, note_request

    request = client.get(path).wsgi_request
    started = time.thread_time()
    for _ in range(times):
        note_request(request, 200)
    spent = (time.thread_time() - started) / times * 1e6
    buffer.flush()
    return spent


# --- all of it ---------------------------------------------------------------
@contextmanager
def database(name: str, folder: str) -> Iterator[None]:
    with ExitStack() as stack:
        if name == "postgres":
            given = os.environ.get("BENCHMARK_POSTGRES", "")
            os.environ["DATABASE_URL"] = given or stack.enter_context(private_postgres()).address
        else:
            os.environ.pop("DATABASE_URL", None)
        os.environ |= {"DATA_DIR": folder, "RATELIMIT_ENABLE": "false", "LOG_LEVEL": "error"}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "hazesite.settings", "ALLOWED_HOSTS": "testserver"}
        yield


def run(name: str, options: argparse.Namespace) -> None:
    """In a process of its own: Django is set up once."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, database(name, folder):
        import django
        from django.core.management import call_command
        from django.db import connections

        django.setup()
        call_command("migrate", verbosity=0)
        if "answers" in options.part:
            answers(name, options.events, options.people, options.rounds)
        print(f"\n{name}; {load()}")
        if "ingest" in options.part:
            ingest()
        if "overhead" in options.part:
            overhead()
        connections.close_all()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["postgres", "sqlite"])
    parser.add_argument("--part", nargs="+", default=["answers", "ingest", "overhead"])
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--people", type=int, default=0, help="By so many; else one for each 500 uses.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=None, help="Where the data go; else as TMPDIR says.")
    options = parser.parse_args()
    if options.database is None:
        again = [sys.executable, "-m", "benchmarks.analytics", *sys.argv[1:], "--database"]
        codes = [os.spawnv(os.P_WAIT, again[0], [*again, name]) for name in ("postgres", "sqlite")]
        sys.exit(max(codes))
    run(options.database, options)
    sys.exit(f"Beyond the budget: {', '.join(over)}" if over else 0)


if __name__ == "__main__":
    main()
