"""The script in docs/ that shows a whole ticket shows one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.serving import ROOT


@pytest.mark.workers
@pytest.mark.once
def test_a_whole_ticket_is_shown_on_both_sides():
    command = [sys.executable, "-m", "docs.a_ticket_in_discord"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    last = done.stdout.split("== ")[-1]
    assert "the site (closed)" in last
    assert last.count("nora: Version 1.4, sorry") == 2
    assert "**ada** closed this ticket." in last
