"""Ten schedules of faults on each database; `make faults` has as many as you like."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.run import run
from tests.faults.schedule import POSTGRES, SQLITE
from tests.faults.site import Place, place

pytestmark = [pytest.mark.faults, pytest.mark.server]
FIRST = int(os.environ.get("SEED", "1"))


@pytest.fixture(scope="module")
def place_on() -> Iterator[Callable[[str], Place]]:
    places: dict[str, Place] = {}
    with ExitStack() as stack:

        def prepared(backend: str) -> Place:
            if backend not in places:
                places[backend] = stack.enter_context(place(backend))
            return places[backend]

        yield prepared


@pytest.mark.parametrize("seed", range(FIRST, FIRST + 10))
@pytest.mark.parametrize("backend", [SQLITE, pytest.param(POSTGRES, marks=pytest.mark.redis)])
def test_nothing_is_lost_doubled_reordered_or_shown_to_the_wrong_person(place_on, backend, seed):
    outcome = run(place_on(backend), seed)
    print(outcome.line)
    assert not outcome.wrongs, outcome.report
