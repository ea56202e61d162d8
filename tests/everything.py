"""`make test-all`: what `make test` leaves out, and the whole suite again on PostgreSQL and Redis.

It uses the programs it finds, and says plainly what it left out; in CI leaving something out is a failure.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack

from tests import migrated
from tests.backends import postgres_programs, private_postgres, private_redis

NODE, BROWSER = "npm's socket.io-client", "the pages in Chromium"
PROXY, RULES, UNITS = "the site behind nginx", "Prometheus' look at the rules", "systemd's look at the units"
DATABASES = "the suite on PostgreSQL and Redis"
MARKS = {NODE: "node", BROWSER: "browser", PROXY: "nginx", RULES: "promtool", UNITS: "systemd"}
PROGRAMS = f"{os.environ['PATH']}:/usr/sbin"
EXAMPLES = "200"
"""Of the state machine; `make test` has fewer."""
PROCESSES = str(os.cpu_count() or 1)
"""Not one more, as for `make test`: here tests start processes, and wait for them only so long."""
SOURCES = (
    "manage.py", "hazesite", "accounts", "botconfig", "tickets", "monitoring", "community", "notifications",
    "analytics", "bot", "scripts",
)  # fmt: skip
"""What `make security` looks at."""
CHECKS = (
    ["-m", "bandit", "-q", "-c", "pyproject.toml", "-r", *SOURCES],
    ["-m", "ruff", "check", "."],
    ["-m", "ruff", "format", "--check", "."],
    ["-m", "mypy", "."],
)


def missing() -> dict[str, str]:
    """What cannot be run here, and which programs it wants."""
    wanted = {
        NODE: [name for name in ("node", "npm") if not shutil.which(name)],
        BROWSER: [] if shutil.which("chromium") else ["chromium"],
        PROXY: [] if shutil.which("nginx", path=PROGRAMS) else ["nginx"],
        RULES: [] if shutil.which("promtool") else ["promtool"],
        UNITS: [] if shutil.which("systemd-analyze") else ["systemd-analyze"],
        DATABASES: [
            name
            for name, found in (("PostgreSQL", postgres_programs()), ("Redis", shutil.which("redis-server")))
            if not found
        ],
    }
    return {part: " and ".join(names) for part, names in wanted.items() if names}


def run(title: str, arguments: list[str], **environment: str) -> bool:
    print(f"\n== {title}", flush=True)
    started, before = time.monotonic(), _processor()
    code = subprocess.run([sys.executable, *arguments], env=os.environ | environment).returncode
    took, worked = time.monotonic() - started, _processor() - before
    verdict = "passed" if code == 0 else "FAILED"
    print(f"== {title}: {verdict} in {took:.0f} s, {worked:.0f} s of processors", flush=True)
    return code == 0


def _processor() -> float:
    """Seconds, of what was started from here and has ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def audited() -> bool:
    """A weakness that is known fails. Where nobody could be asked it says NOT RUN, which is no verdict."""
    print("\n== scripts/audit.py", flush=True)
    return subprocess.run([sys.executable, "scripts/audit.py"]).returncode != 1


def on_sqlite(left_out: dict[str, str], more: list[str]) -> bool:
    """Outside clients one after the other, for they wait for each other's screens; the rest side by side.

    What is to run `once` runs here where there are no servers for it.
    """
    marks = [mark for part, mark in MARKS.items() if part not in left_out]
    outside = f"({' or '.join(marks) or 'False'}) and not redis"
    inside = f"workers and not redis and not ({' or '.join(MARKS.values())})"
    inside += "" if DATABASES in left_out else " and not once"
    side_by_side = ["-n", PROCESSES, "--dist", "loadfile"]
    return all(
        [
            run("outside clients, on SQLite", ["-m", "pytest", "-q", "-m", outside, *more]),
            run("workers, on SQLite", ["-m", "pytest", "-q", *side_by_side, "-m", inside, *more]),
        ]
    )


def on_servers(left_out: dict[str, str], more: list[str]) -> bool:
    with ExitStack() as stack:
        # Rows come and go with each test: what looked after them would look all the time.
        database = stack.enter_context(private_postgres(autovacuum="off")).address
        cache = stack.enter_context(private_redis()).address
        skipped = "not faults and not browser"
        skipped += "".join(f" and not {MARKS[part]}" for part in MARKS if part in left_out)
        return run(
            DATABASES,
            ["-m", "pytest", "-q", "-n", PROCESSES, "--dist", "loadfile", "-m", skipped, *more],
            DATABASE_URL=database,
            REDIS_URL=cache,
            TEST_DATABASE_URL=database,
            TEST_REDIS_URL=cache,
            EXAMPLES=EXAMPLES,
        )


def under_faults(left_out: dict[str, str], more: list[str]) -> bool:
    """Schedules are mostly waiting, so two run side by side on any machine."""
    skipped = ["-m", "not redis"] if DATABASES in left_out else []
    arguments = ["-m", "pytest", "-q", "-n", "2", "tests/faults", "tests/bot/faults", *skipped, *more]
    return run("the site under faults", arguments, EXAMPLES=EXAMPLES)


def main(more: list[str]) -> int:
    left_out = missing()
    migrated.folder()  # one for all that is run here
    passed = [run(" ".join(check[1:]), list(check)) for check in CHECKS]
    passed.append(audited())
    passed.append(on_sqlite(left_out, more))
    if DATABASES not in left_out:
        passed.append(on_servers(left_out, more))
    passed.append(under_faults(left_out, more))
    for part, programs in left_out.items():
        print(f"LEFT OUT: {part}, for want of {programs}.", flush=True)
    complete = not left_out or os.environ.get("CI", "").lower() != "true"
    return 0 if all(passed) and complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
