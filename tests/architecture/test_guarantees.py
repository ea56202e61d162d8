"""Two documents name for each promise, and each threat, the test that holds it; all of them must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")
PROMISES = [
    line
    for document in ("docs/guarantees.md", "docs/security.md")
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| promise", "| threat"))
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda line: line[2:40])
def test_each_promise_names_tests_that_exist(promise):
    named = NAMED.findall(promise)
    assert named
    for path, test in named:
        assert (ROOT / path).exists(), path
        if test:
            assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test
