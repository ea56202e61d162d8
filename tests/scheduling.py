"""How files are given out where tests run side by side: those that take long begin first, not last.

xdist begins with the files of many tests. One file of three tests can take as long as a hundred of those, and
whoever gets it last keeps everybody waiting.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LONG = (
    "tests/document/test_promises.py",
    "tests/faults/test_state_machine.py",
    "tests/monitoring/engine/test_processes.py",
    "tests/operations/",
    "tests/site/test_serve.py",
    "tests/jobs/test_trouble.py",
    "tests/health/test_probes.py",
)
APART = ("tests/document/test_promises.py",)
"""Each of its tests has servers of its own: they need not wait for each other."""


class LongestFirst(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(APART) else super()._split_scope(nodeid)


def scheduler(config: pytest.Config, log: Any) -> LongestFirst | None:
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # in the order of `in_order`, that is
    return LongestFirst(config, log)


def in_order(items: list[pytest.Item]) -> None:
    """Sorts what one process of several collected; each of them comes to the same."""
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (not item.nodeid.startswith(LONG), -size[item.path], str(item.path)))


def processes() -> int:
    """Tests wait now and then: one more than there are processors."""
    return (os.cpu_count() or 1) + 1
