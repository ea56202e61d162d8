"""What checks found becomes rows and events."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from monitoring.engine import results
from monitoring.engine.results import Outcome, storable
from monitoring.events import BecameSlow, NoLongerSlow, Recovered, WentDown
from monitoring.models import (
    Check,
    DayStat,
    HourStat,
    Incident,
    MaintenanceWindow,
    Monitor,
    MonitorState,
    SlowSpell,
    Spell,
    Status,
)
from monitoring.services import standing
from monitoring.types import Result
from tests.monitoring.engine.stage import BEGIN, after, fail, found, monitor, see, spells, status_of, take

pytestmark = pytest.mark.django_db


def test_a_check_is_kept_as_it_was(happened):
    web = monitor()
    see(web, after(5), status_code=200, answer="fine", response_ms=41.5)
    check = Check.objects.get()
    assert (check.monitor_id, check.at, check.status, check.is_up) == (web.pk, after(5), "up", True)
    assert (check.response_ms, check.status_code, check.answer, check.error) == (41.5, 200, "fine", "")
    state = MonitorState.objects.get()
    assert (state.status, state.checked_at, state.response_ms, state.engine) == ("up", after(5), 41.5, "")
    assert happened == []


def test_a_failure_of_a_critical_monitor_is_an_incident(happened):
    web = monitor()
    see(web, after(0))
    state = fail(web, after(60))
    incident = Incident.objects.get()
    assert (state.status, state.failures, state.since) == (Status.DOWN, 1, after(60))
    assert (incident.monitor_id, incident.started_at, incident.cause) == (
        web.pk,
        after(60),
        "Connection refused",
    )
    assert (incident.severity, incident.resolved_at) == ("critical", None)
    assert happened == [WentDown(web.pk, incident.pk)]


def test_a_warning_is_tried_twice_and_down_since_the_first(happened):
    web = monitor(severity="warning")
    see(web, after(0))
    state = fail(web, after(60))
    assert (state.status, happened, Incident.objects.count()) == (Status.PENDING, [], 0)
    assert state.next_check_at == after(90)
    fail(web, after(90))
    assert Incident.objects.get().started_at == after(60)
    assert spells(web) == [("up", 0, 60), ("down", 60, None)]


def test_what_recovers_while_pending_was_never_down(happened):
    web = monitor(severity="warning")
    see(web, after(0))
    fail(web, after(60))
    see(web, after(90))
    assert spells(web) == [("up", 0, None)]
    assert happened == []


def test_it_recovers(happened):
    web = monitor()
    fail(web, after(0))
    fail(web, after(60))
    see(web, after(120))
    incident = Incident.objects.get()
    assert (incident.resolved_at, incident.next_step_at) == (after(120), None)
    assert happened == [WentDown(web.pk, incident.pk), Recovered(web.pk, incident.pk)]
    assert spells(web) == [("down", 0, 120), ("up", 120, None)]
    fail(web, after(180))
    assert Incident.objects.count() == 2


def test_an_incident_that_is_open_already_is_that_of_a_new_outage_too(happened):
    """Of a monitor whose state is older than its incidents: out of a backup, say."""
    web = monitor()
    known = Incident.objects.create(monitor=web, severity="critical", started_at=after(-60))
    assert fail(web, after(0)).status == Status.DOWN
    assert (Incident.objects.get(), happened) == (known, [])
    see(web, after(60))
    assert happened == [Recovered(web.pk, known.pk)]


def test_slow_answers_are_told_and_are_no_downtime(happened):
    web = monitor()
    for at, response_ms in ((0, 100), (60, 600), (120, 700), (180, 1500), (240, 90)):
        see(web, after(at), response_ms=response_ms)
    first, second = SlowSpell.objects.order_by("pk")
    assert (first.severity, first.started_at, first.ended_at) == ("warning", after(60), after(180))
    assert (second.severity, second.limit_ms, second.response_ms) == ("critical", 1000, 1500)
    assert second.ended_at == after(240)
    assert happened == [
        BecameSlow(web.pk, first.pk), BecameSlow(web.pk, second.pk), NoLongerSlow(web.pk, second.pk)
    ]  # fmt: skip
    assert spells(web) == [("up", 0, None)]


def test_without_a_network_of_our_own_nothing_is_down(happened):
    web = monitor()
    see(web, after(0))
    state = see(web, after(60), is_up=None, error="This host has no network", response_ms=None)
    assert (state.status, happened, Incident.objects.count()) == (Status.UNKNOWN, [], 0)
    see(web, after(120))
    assert spells(web) == [("up", 0, 60), ("unknown", 60, 120), ("up", 120, None)]


def test_what_was_down_before_that_still_is(happened):
    web = monitor()
    fail(web, after(0))
    see(web, after(60), is_up=None, response_ms=None)
    fail(web, after(120))
    assert spells(web) == [("down", 0, 60), ("unknown", 60, 120), ("down", 120, None)]
    assert len(happened) == Incident.objects.count() == 1


def test_a_time_in_which_no_engine_ran_is_unknown(happened):
    web = monitor()
    see(web, after(0))
    see(web, after(600))
    assert spells(web) == [("up", 0, 60), ("unknown", 60, 600), ("up", 600, None)]
    fail(web, after(3600))
    assert spells(web)[-3:] == [("up", 600, 660), ("unknown", 660, 3600), ("down", 3600, None)]


def test_maintenance_hides_what_is_down(happened):
    web = monitor()
    see(web, after(0))
    MaintenanceWindow.objects.create(
        name="Night", starts_at=after(50), duration_minutes=10, everything=True,
        next_start=after(50), next_end=after(650),
    )  # fmt: skip
    state = fail(web, after(60))
    assert (state.status, happened) == (Status.MAINTENANCE, [])
    assert Check.objects.get(at=after(60)).is_up is False
    assert HourStat.objects.get().maintenance == 1
    see(web, after(120))
    fail(web, after(700))
    assert spells(web) == [("up", 0, 60), ("maintenance", 60, 700), ("down", 700, None)]
    assert Incident.objects.get().started_at == after(700)


def test_down_before_and_after_maintenance_is_told_once(happened):
    web = monitor()
    fail(web, after(0))
    window = MaintenanceWindow.objects.create(
        name="Repair", starts_at=after(50), duration_minutes=5, everything=True,
        next_start=after(50), next_end=after(350),
    )  # fmt: skip
    fail(web, after(60))
    assert status_of(web) == Status.MAINTENANCE
    window.delete()
    fail(web, after(120))
    assert (status_of(web), len(happened), Incident.objects.count()) == (Status.DOWN, 1, 1)
    see(web, after(180))
    assert [type(event) for event in happened] == [WentDown, Recovered]


# --- what counts --------------------------------------------------------------
def test_a_result_under_an_old_fence_is_void(happened):
    web = monitor()
    (old,) = take(after(0), web)
    (new,) = take(after(1), web)
    assert found(old, at=after(2), is_up=False).void == 1
    assert Check.objects.count() == 0
    assert len(found(new, at=after(3)).applied) == 1


@pytest.mark.parametrize("deed", [standing.pause, standing.retarget])
def test_what_was_changed_meanwhile_is_void(happened, deed):
    web = monitor()
    (claim,) = take(after(0), web)
    deed(web, after(1))
    assert found(claim, at=after(2), is_up=False).void == 1
    assert happened == []


def test_a_deleted_monitor_is_void():
    (claim,) = take(after(0), monitor())
    Monitor.objects.all().delete()
    assert found(claim, at=after(1)).void == 1
    assert Check.objects.count() == Spell.objects.count() == 0


def test_a_check_that_was_asked_for_meanwhile_is_not_lost(happened):
    web = monitor()
    (claim,) = take(after(0), web)
    standing.check_soon(web, after(1))
    found(claim, at=after(2))
    assert MonitorState.objects.get().next_check_at == after(2)


def test_missed_slots_are_counted():
    web = monitor()
    (claim,) = take(after(0), web)
    # Three intervals have three slots, wherever in them this monitor's are.
    stored = results.store([Outcome(claim, after(0), Result(True))], after(180))
    assert stored.missed == 3


def test_the_certificate_is_remembered():
    web = monitor()
    see(web, after(0), certificate_expires_at=after(86400))
    assert fail(web, after(60)).certificate_expires_at == after(86400)


@pytest.mark.parametrize("text", ["a\0b", "half \ud800 of it", "x" * 5000, "Grüße 👋"])
def test_every_answer_can_be_kept(text):
    see(monitor(), after(0), answer=text, error=text)
    assert Check.objects.get().answer == storable(text, 1000)
    assert len(Check.objects.get().answer) <= 1000


# --- sums ----------------------------------------------------------------------
def test_checks_add_up_by_hour_and_day():
    web = monitor(response_time_warning_ms=None, response_time_critical_ms=None)
    for at, response_ms in ((0, 9), (60, 10), (120, 10.5), (3700, 40_000)):
        see(web, after(at), response_ms=response_ms)
    fail(web, after(3760))
    see(web, after(3820), is_up=None, response_ms=None)
    first, second = HourStat.objects.order_by("start")
    assert (first.start, first.up, first.down, first.sum_ms) == (BEGIN, 3, 0, 29.5)
    assert (first.min_ms, first.max_ms, first.ms_0, first.ms_1) == (9, 10.5, 2, 1)
    assert (second.up, second.down, second.unknown, second.ms_11) == (1, 1, 1, 1)
    day = DayStat.objects.get()
    assert (day.up, day.down, day.unknown, day.min_ms, day.max_ms) == (4, 1, 1, 9, 40_000)


def test_an_hour_without_answers_has_no_bounds():
    web = monitor()
    fail(web, after(0))
    fail(web, after(60))
    assert (HourStat.objects.get().min_ms, HourStat.objects.get().down) == (None, 2)
    see(web, after(120), response_ms=7)
    assert (HourStat.objects.get().min_ms, HourStat.objects.get().max_ms) == (7, 7)


def test_results_that_are_stored_again_after_a_failure_count_once(happened, monkeypatch):
    """The database goes away when half of it is written."""
    web = monitor()
    claims, real = take(after(0), web), results.troubles.follow

    def follow(applied, now):
        monkeypatch.setattr(results.troubles, "follow", real)
        raise OperationalError("gone")

    monkeypatch.setattr(results.troubles, "follow", follow)
    with pytest.raises(OperationalError):
        found(*claims, at=after(0))
    assert not Check.objects.exists() and not HourStat.objects.exists()
    found(*claims, at=after(0))
    for sums in (HourStat.objects.get(), DayStat.objects.get()):
        assert (sums.up, sums.sum_ms, sums.ms_3) == (1, 100, 1)


def test_a_result_that_is_stored_again_because_the_answer_was_lost_counts_once(happened):
    """Else the one failing attempt of a warning would be two, and an outage."""
    web = monitor(severity="warning")
    claims = take(after(0), web)
    failed = {"at": after(0), "is_up": False, "error": "refused", "response_ms": None}
    assert (len(found(*claims, **failed).applied), found(*claims, **failed).void) == (1, 1)
    assert (status_of(web), Incident.objects.count(), happened) == (Status.PENDING, 0, [])
    assert HourStat.objects.get().down == DayStat.objects.get().down == Check.objects.count() == 1


# --- many ------------------------------------------------------------------------
def count(claims, at, **result) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found(*claims, at=at, **result)
    return len(queries)


def test_many_results_cost_as_many_statements_as_one(happened):
    one = monitor("one")
    alone = count(take(after(0), one), after(0))
    for number in range(20):
        monitor(f"m{number}")
    many = take(after(60))
    assert len(many) == 21
    assert count(many, after(60)) - alone <= 2 + 3 * 20  # statements for many rows are noted once for each
    assert Check.objects.count() == 22


def test_all_fail_at_once(happened):
    for number in range(30):
        monitor(f"m{number}")
    found(*take(after(0)), at=after(0))
    down = take(after(60))
    found(*down, at=after(60), is_up=False, error="gone", response_ms=None)
    assert Incident.objects.count() == len(happened) == 30
    found(*take(after(120)), at=after(120))
    assert Incident.objects.filter(resolved_at=after(120)).count() == 30
    assert Spell.objects.filter(ended_at=None, status="up").count() == 30
