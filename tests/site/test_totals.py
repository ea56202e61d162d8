from __future__ import annotations

import itertools

import pytest

from hazesite import totals


@pytest.fixture
def at(monkeypatch):
    """What the clock says, to be changed."""
    now = [1000.0]
    monkeypatch.setattr(totals.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(totals, "reached", {})
    return now


def test_what_reached_the_bound_is_believed_for_a_while(at):
    answers = itertools.chain([1000], itertools.repeat(7))
    assert totals.counted("all", lambda: next(answers)) == 1000
    at[0] += totals.KEEP_SECONDS - 1
    assert totals.counted("all", lambda: next(answers)) == 1000
    assert totals.counted("others", lambda: next(answers)) == 7
    at[0] += 2
    assert totals.counted("all", lambda: next(answers)) == 7


def test_less_is_counted_each_time(at):
    answers = iter([999, 1, 0])
    assert [totals.counted("all", lambda: next(answers)) for _ in range(3)] == [999, 1, 0]


def test_it_holds_no_more_than_so_many(at):
    for number in range(totals.KEPT * 2 + 1):
        totals.counted(number, lambda: 1000)
        assert len(totals.reached) <= totals.KEPT
    assert totals.counted(totals.KEPT * 2, lambda: 0) == 1000
