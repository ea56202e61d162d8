"""`make discord-faults`: many schedules, one line for each, and all about those that broke a promise."""

from __future__ import annotations

import argparse
import sys

from tests.bot.faults.run import place, run
from tests.bot.faults.schedule import BACKENDS


def main() -> int:
    parser = argparse.ArgumentParser(prog="make discord-faults", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10, help="how many on each database")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow it")
    parser.add_argument("--backend", choices=BACKENDS, help="only this one")
    options = parser.parse_args()
    outcomes = []
    for backend in [options.backend] if options.backend else BACKENDS:
        with place(backend) as here:
            for seed in range(options.seed, options.seed + options.schedules):
                outcomes.append(outcome := run(here, seed))
                print(outcome.report if outcome.wrongs else outcome.line, flush=True)
    broken = [one for one in outcomes if one.wrongs]
    said, slowest = sum(one.said for one in outcomes), max(one.seconds for one in outcomes)
    print(f"{len(outcomes) - len(broken)} of {len(outcomes)} ok, {said} said, the slowest {slowest:.1f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
