"""`make fuzz`: for as long as you like."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.document.fuzzing import ROLES, fuzz, fuzzed_site


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.document")
    parser.add_argument("--examples", type=int, default=100, help="of each call and phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", choices=ROLES, action="append", help="of all, if none is named")
    said, more = parser.parse_known_args()
    codes = []
    for role in said.role or ROLES:
        print(f"\n== {role}", flush=True)
        with tempfile.TemporaryDirectory() as folder, fuzzed_site(Path(folder)) as server:
            options = ["-n", str(said.examples), "--seed", str(said.seed), *more]
            codes.append(fuzz(server, role, *options).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
