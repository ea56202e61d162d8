from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring.engine import claims
from monitoring.engine.claims import LEASE
from monitoring.models import MonitorState
from monitoring.services import standing
from tests.monitoring.engine.stage import BEGIN, after, monitor, take

pytestmark = pytest.mark.django_db
AHEAD = timedelta(seconds=2)


def claim(engine: str, now, most: int = 100):
    return claims.claim(engine, now, AHEAD, most)


def due(one, at) -> None:
    MonitorState.objects.filter(pk=one.pk).update(next_check_at=at)


def test_what_is_due_is_taken_once():
    web = monitor(headers={"X-Key": "hush"}, interval=90, severity="warning", body="ping")
    due(web, after(1))
    (taken,) = claim("first", BEGIN)
    assert (taken.monitor_id, taken.slot, taken.severity) == (web.pk, after(1), "warning")
    assert (taken.watched.headers, taken.watched.body) == ({"X-Key": "hush"}, "ping")
    assert (taken.rules.interval, taken.rules.attempts_until_down) == (90, 2)
    assert claim("second", BEGIN) == []
    state = MonitorState.objects.get()
    assert (state.engine, state.fence, state.slot_at) == ("first", taken.fence, after(1))


def test_nothing_is_taken_before_its_time():
    due(monitor(), after(2.1))
    assert claim("first", BEGIN) == []


def test_what_waits_longest_comes_first(django_assert_num_queries):
    monitors = [monitor(f"m{number}") for number in range(5)]
    for number, one in enumerate(monitors):
        due(one, after(-number))
    taken = {one.monitor_id for one in claim("first", BEGIN, most=2)}
    assert taken == {monitors[4].pk, monitors[3].pk}
    with django_assert_num_queries(0):
        assert claim("first", BEGIN, most=0) == []


def test_looking_in_vain_takes_no_lock(django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        claim("first", BEGIN)
    assert queries[0]["sql"].startswith("SELECT")


def test_a_paused_monitor_is_never_due():
    web = monitor()
    standing.pause(web, BEGIN)
    assert claim("first", after(86400)) == []


def test_a_lease_that_is_not_renewed_ends():
    due(monitor(), BEGIN)
    (first,) = claim("dead", BEGIN)
    soon = BEGIN + LEASE - timedelta(seconds=1)
    assert claim("other", soon - AHEAD) == []
    (second,) = claim("other", BEGIN + LEASE + AHEAD)
    assert second.fence > first.fence


def test_a_renewed_lease_does_not():
    due(monitor(), BEGIN)
    held = claim("first", BEGIN)
    assert claims.renew("first", held, after(10)) == 1
    assert claim("other", BEGIN + LEASE + timedelta(seconds=5)) == []
    assert claims.renew("other", held, after(10)) == 0


def test_what_was_given_back_is_due_again():
    due(monitor(), after(1))
    held = claim("first", BEGIN)
    claims.give_back("first", held)
    (again,) = claim("second", BEGIN)
    assert again.slot == after(1)
    claims.give_back("first", held)  # too late
    assert claim("third", BEGIN) == []


def test_a_check_that_is_asked_for_is_taken_at_once():
    web = monitor()
    due(web, after(3000))
    standing.check_soon(web, BEGIN)
    assert len(claim("first", BEGIN)) == 1


def test_after_a_clock_was_put_back_monitors_are_not_forgotten():
    ahead, fine = monitor("ahead"), monitor("fine")
    due(ahead, after(7200))
    due(fine, after(50))
    assert claims.bring_back(BEGIN) == 1
    assert [one.monitor_id for one in claim("first", BEGIN)] == [ahead.pk]


def test_claims_of_many_cost_as_much_as_of_one(django_assert_max_num_queries):
    for number in range(30):
        monitor(f"m{number}")
    MonitorState.objects.update(next_check_at=BEGIN)
    with django_assert_max_num_queries(5):
        assert len(claim("first", BEGIN)) == 30
    assert len(take(after(1))) == 30


def test_where_others_hold_all_that_is_due_nothing_is_taken(monkeypatch):
    """It was due a moment ago, and is locked by then."""
    due(monitor(), BEGIN)
    monkeypatch.setattr(claims, "_take", lambda *_given: [])
    assert claim("second", BEGIN) == []
