from __future__ import annotations

import os
import subprocess
import sys

from tests.serving import ROOT


def test_an_audit_that_cannot_ask_says_so_and_is_no_success():
    nowhere = "http://127.0.0.1:9"
    done = subprocess.run(
        [sys.executable, "scripts/audit.py"],
        env=os.environ | {"HTTPS_PROXY": nowhere, "https_proxy": nowhere, "NO_PROXY": ""},
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 3, done.stdout + done.stderr
    assert done.stdout.startswith("audit: NOT RUN") and "passed" not in done.stdout
