"""The one function that says how a monitor stands, as a table: what was, what was seen, what is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.models import Status
from monitoring.services.states import Rules, Seen, Standing, Turn, exceeded, missed_slots, next_check, step

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = Rules(7, interval=60, retry_interval=30, attempts_until_down=2, warning_ms=500, critical_ms=1000)
UP, PENDING, DOWN = Status.UP, Status.PENDING, Status.DOWN
MAINTENANCE, UNKNOWN, PAUSED = Status.MAINTENANCE, Status.UNKNOWN, Status.PAUSED


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def standing(status: str, failures: int = 0, first: float | None = None, slowness: str = "") -> Standing:
    return Standing(status, T0, failures, None if first is None else at(first), slowness, T0)


FAILED_ONCE = standing(PENDING, 1, 0)
IS_DOWN = standing(DOWN, 2, -60)
WAS_DOWN_UNKNOWN = standing(UNKNOWN, 2, -60)
WAS_DOWN_MAINTAINED = standing(MAINTENANCE, 2, -60)

TABLE = {
    "a new one is up": (standing(PENDING), True, False, UP, 0, ()),
    "a new one fails": (standing(PENDING), False, False, PENDING, 1, ()),
    "up stays up": (standing(UP), True, False, UP, 0, ()),
    "the first failure is no downtime yet": (standing(UP), False, False, PENDING, 1, ()),
    "the second one is": (FAILED_ONCE, False, False, DOWN, 2, (Turn.DOWN,)),
    "what is pending recovers without a word": (FAILED_ONCE, True, False, UP, 0, ()),
    "down stays down, told once": (IS_DOWN, False, False, DOWN, 3, ()),
    "down recovers": (IS_DOWN, True, False, UP, 0, (Turn.RECOVERED,)),
    "without a network nothing is known": (standing(UP), None, False, UNKNOWN, 0, ()),
    "a failure before that does not count": (FAILED_ONCE, None, False, UNKNOWN, 0, ()),
    "down is remembered meanwhile": (IS_DOWN, None, False, UNKNOWN, 2, ()),
    "and not told again": (WAS_DOWN_UNKNOWN, False, False, DOWN, 3, ()),
    "but its end is": (WAS_DOWN_UNKNOWN, True, False, UP, 0, (Turn.RECOVERED,)),
    "unknown and up again": (standing(UNKNOWN), True, False, UP, 0, ()),
    "unknown and failing": (standing(UNKNOWN), False, False, PENDING, 1, ()),
    "maintenance hides failures": (standing(UP), False, True, MAINTENANCE, 0, ()),
    "also those before it": (FAILED_ONCE, False, True, MAINTENANCE, 0, ()),
    "down before maintenance is remembered": (IS_DOWN, False, True, MAINTENANCE, 2, ()),
    "and not told again after it": (WAS_DOWN_MAINTAINED, False, False, DOWN, 3, ()),
    "repaired during maintenance": (WAS_DOWN_MAINTAINED, True, True, MAINTENANCE, 0, (Turn.RECOVERED,)),
    "failing after maintenance": (standing(MAINTENANCE), False, False, PENDING, 1, ()),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE, ids=str)
def test_how_it_stands_after_an_attempt(case):
    before, is_up, maintained, status, failures, turns = TABLE[case]
    after = step(before, RULES, Seen(at(30), is_up, 100.0), maintained=maintained)
    assert (after.standing.status, after.standing.failures, after.turns) == (status, failures, turns)
    assert after.standing.checked_at == at(30)
    assert after.changes(before) == (status != before.status or bool(turns))


def test_one_attempt_is_enough_where_the_rules_say_so():
    rules = Rules(7, 60, 30, attempts_until_down=1)
    after = step(standing(UP), rules, Seen(at(30), False), maintained=False)
    assert after.turns == (Turn.DOWN,)
    assert after.standing.since == after.standing.first_failure_at == at(30)


def test_downtime_begins_at_the_first_failing_attempt():
    after = step(standing(PENDING, 1, 10), RULES, Seen(at(40), False), maintained=False)
    assert after.standing.since == at(10)


SLOW = {
    "fast": ("", 400, "", ()),
    "at the limit is not beyond it": ("", 500, "", ()),
    "slow": ("", 501, "warning", (Turn.SLOW,)),
    "very slow at once": ("", 1500, "critical", (Turn.SLOW,)),
    "still slow is told once": ("warning", 700, "warning", ()),
    "slower still": ("warning", 1001, "critical", (Turn.SLOW,)),
    "not quite as slow is told when it ends": ("critical", 700, "critical", ()),
    "fast again": ("critical", 100, "", (Turn.FAST,)),
}


@pytest.mark.parametrize("case", SLOW, ids=str)
def test_slow_answers(case):
    was, response_ms, level, turns = SLOW[case]
    after = step(standing(UP, slowness=was), RULES, Seen(at(60), True, response_ms), maintained=False)
    assert (after.standing.slowness, after.turns, after.standing.status) == (level, turns, UP)


@pytest.mark.parametrize(("is_up", "maintained"), [(False, False), (None, False), (True, True)])
def test_only_an_answer_ends_a_slow_spell(is_up, maintained):
    before = standing(UP, slowness="warning")
    after = step(before, RULES, Seen(at(60), is_up, 10.0), maintained=maintained)
    assert after.standing.slowness == "warning"


def test_without_limits_nothing_is_slow():
    assert exceeded(Rules(1, 60, 30, 1), 1e9) == ""


@pytest.mark.parametrize(
    ("status", "later", "gap"),
    [(UP, 60, None), (UP, 119, None), (UP, 121, 60), (DOWN, 600, 60), (PAUSED, 600, None), (UP, -600, None)],
)
def test_a_time_in_which_nobody_looked(status, later, gap):
    after = step(standing(status), RULES, Seen(at(later), True), maintained=False)
    assert after.gap_from == (None if gap is None else at(gap))


def test_the_next_check_is_on_the_grid_and_sooner_while_pending():
    slot = next_check(standing(UP), RULES, at(0), at(1))
    assert slot == next_check(standing(DOWN, 2, 0), RULES, slot - timedelta(seconds=60), at(1))
    assert next_check(standing(PENDING, 1, 0), RULES, at(0), at(2)) == at(30)
    assert next_check(standing(PENDING, 1, 0), RULES, at(0), at(99)) == at(99)


def test_a_retry_is_never_later_than_the_interval():
    rules = Rules(7, interval=20, retry_interval=30, attempts_until_down=2)
    assert next_check(standing(PENDING, 1, 0), rules, at(0), at(1)) == at(20)


def test_slots_that_went_by_are_counted_and_left_out():
    slot = next_check(standing(UP), RULES, at(0), at(0))
    assert missed_slots(RULES, slot, slot + timedelta(seconds=59)) == 0
    late = slot + timedelta(seconds=185)
    assert missed_slots(RULES, slot, late) == 3
    assert next_check(standing(UP), RULES, slot, late) == slot + timedelta(seconds=240)


def test_a_type_may_know_better_than_the_grid():
    assert next_check(standing(UP), RULES, at(0), at(1), wanted=at(500)) == at(500)
    assert next_check(standing(UP), RULES, at(0), at(1), wanted=at(-5)) > at(1)
