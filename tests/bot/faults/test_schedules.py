"""Five schedules; `make discord-faults` has as many as you like."""

from __future__ import annotations

import pytest

from tests.bot.faults.run import place, run
from tests.bot.faults.schedule import POSTGRES, SQLITE, schedule

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("backend", "seeds"), [(SQLITE, (1, 2)), pytest.param(POSTGRES, (3, 4, 5), marks=pytest.mark.redis)]
)
def test_both_sides_hold_the_same_whatever_fails_between_them(backend, seeds):
    with place(backend) as here:
        for seed in seeds:
            outcome = run(here, seed)
            print(outcome.line)
            assert not outcome.wrongs, outcome.report


def test_a_seed_is_one_schedule():
    assert schedule(7, POSTGRES) == schedule(7, POSTGRES)
    assert schedule(7, POSTGRES) != schedule(8, POSTGRES)
