"""Two web processes of one site, a hundred people at once: a source is asked by one of them, once."""

from __future__ import annotations

import pytest

from benchmarks.memes import OLD, street

pytestmark = [pytest.mark.workers, pytest.mark.once]


def test_a_source_is_asked_once_by_all_processes_together(tmp_path):
    with street(tmp_path) as site:
        for before in ("", OLD):
            if before:
                site.shell(before)
            found = site.ask()
            assert found["answers"] == {200: 100}
            assert (found["reddit"], found["lemmy"]) == (1, 1)
        found = site.ask()
        assert (found["reddit"], found["lemmy"]) == (0, 0)
