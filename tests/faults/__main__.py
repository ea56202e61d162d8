"""`make faults`: many schedules, one line for each, and how to repeat those that broke a promise."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext

from tests.backends import private_postgres
from tests.faults.run import Outcome, run
from tests.faults.schedule import BACKENDS, POSTGRES, as_text
from tests.faults.site import place


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10, help="how many on each database")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow it")
    parser.add_argument("--backend", choices=BACKENDS, help="only this one")
    parser.add_argument("--show", action="store_true", help="print what each schedule does")
    parser.add_argument("--examples", type=int, default=0, help="of the state machine, on each database")
    parser.add_argument("--at-once", type=int, default=1, help="how many places run side by side")
    return parser.parse_args()


def part(backend: str, seeds: list[int], show: bool) -> list[Outcome]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return in_turn(backend, seeds, show)
    except (SystemExit, KeyboardInterrupt):  # what was started has been ended; nobody waits for more
        os._exit(1)


def in_turn(backend: str, seeds: list[int], show: bool) -> list[Outcome]:
    outcomes = []
    with place(backend) as here:
        for seed in seeds:
            outcome = run(here, seed)
            outcomes.append(outcome)
            print(outcome.line, flush=True)
            if outcome.wrongs:
                print(outcome.report, flush=True)
            elif show:
                print(as_text(seed, backend), dict(outcome.answers), flush=True)
    return outcomes


def main() -> int:
    options = arguments()
    seeds = list(range(options.seed, options.seed + options.schedules))
    parts = [
        (backend, seeds[first :: options.at_once])
        for backend in ([options.backend] if options.backend else BACKENDS)
        for first in range(options.at_once)
    ]
    started = time.monotonic()
    with ProcessPoolExecutor(options.at_once) as pool:
        running = [pool.submit(part, backend, some, options.show) for backend, some in parts if some]
        outcomes = [outcome for ended in running for outcome in ended.result()]
    code = summary(outcomes, time.monotonic() - started) if outcomes else 0
    return code | (model(options.examples, options.backend) if options.examples else 0)


def model(examples: int, only: str | None) -> int:
    """The state machine, in processes of its own: a process has one database."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests/faults/test_state_machine.py"]
    environment = os.environ | {"EXAMPLES": str(examples), "DATABASE_URL": "", "REDIS_URL": ""}
    code = 0
    for backend in [only] if only else BACKENDS:
        with private_postgres() if backend == POSTGRES else nullcontext() as server:
            there = {"DATABASE_URL": server.address} if server else {}
            print(f"{backend}: {examples} examples of the state machine", flush=True)
            code |= subprocess.run(command, env=environment | there).returncode
    return code


def summary(outcomes: list[Outcome], seconds: float) -> int:
    violated = [outcome for outcome in outcomes if outcome.wrongs]
    slowest = max(outcome.converged for outcome in outcomes)
    counted = Counter(outcome.backend for outcome in outcomes)
    print(
        f"{dict(counted)} schedules in {seconds:.0f} s, "
        f"{sum(outcome.acknowledged for outcome in outcomes)} messages acknowledged, "
        f"the slowest converged in {slowest:.1f} s, {len(violated)} violated."
    )
    for outcome in violated:
        print(f"  make faults BACKEND={outcome.backend} SCHEDULES=1 SEED={outcome.seed}")
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
