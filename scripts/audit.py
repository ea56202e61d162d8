"""`make audit`: whether a weakness is known of what requirements.txt locks. Asks PyPI, by pip-audit.

Ends with 0 when it looked and found nothing, 1 when it found something, 3 when it could not look.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.txt"
NOT_RUN = 3


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pip_audit", "--strict", "--disable-pip", "--require-hashes"]
        command += ["--progress-spinner", "off", "--format", "json", "--output", str(report), "-r", str(LOCK)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
        try:
            told = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
        except (OSError, ValueError, KeyError):
            last = (done.stderr.strip().splitlines() or ["no word of pip-audit"])[-1]
            return say(f"audit: NOT RUN, so nothing is known: {last[:300]}", NOT_RUN)
    weak = [
        f"{row['name']} {row['version']}: {known['id']}" for row in told for known in row.get("vulns", [])
    ]
    if weak:
        return say("\n".join(["audit: FAILED", *weak]), 1)
    if done.returncode or not told:
        return say(f"audit: NOT RUN, so nothing is known: {done.stderr.strip()[-300:]}", NOT_RUN)
    return say(f"audit: passed, {len(told)} packages", 0)


def say(words: str, code: int) -> int:
    sys.stdout.write(f"{words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
