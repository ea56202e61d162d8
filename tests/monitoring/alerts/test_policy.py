"""Who hears of what, when, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import TRANSPORTS
from monitoring.alerts.queueing import next_summary
from monitoring.models import Alert, MaintenanceWindow, Monitor, NotificationChannel
from monitoring.services import standing
from monitoring.types import Result
from tests.monitoring.alerts.stage import BEGIN, check, states


# --- down and up ---------------------------------------------------------------
def test_an_outage_is_told_once_and_so_is_its_end(stage):
    stage.channel()
    web = stage.monitor()
    stage.fails(web)
    assert stage.drain() == [("ops", "down", "web is down")]
    assert stage.work(minutes=30) == []
    stage.recovers(web)
    assert stage.drain() == [("ops", "up", "web is up again")]
    assert "30m" in stage.texts[-1]
    assert stage.work(hours=30) == []


def test_the_same_incident_twice_is_one_alert(stage):
    from monitoring.alerts import queueing
    from monitoring.events import WentDown

    stage.channel()
    incident = stage.fails(stage.monitor())
    queueing.went_down(WentDown(incident.monitor_id, incident.pk))
    assert Delivery.objects.count() == 1


def test_what_is_up_before_it_was_told_is_one_message(stage):
    stage.channel()
    web = stage.monitor()
    stage.fails(web)
    stage.failing = True
    stage.drain()
    stage.clock.on(minutes=5)
    incident = stage.recovers(web)
    stage.failing = False
    assert stage.drain() == [("ops", "was_down", "web was down")]
    assert states() == {f"incident:{incident.pk}:down": "sent", f"incident:{incident.pk}:up": "retracted"}
    assert sorted(Alert.objects.values_list("event", flat=True)) == ["up", "was_down"]


def test_recovery_is_told_only_where_it_was_told_that_it_is_down(stage):
    first, second = stage.channel("first"), stage.channel("second")
    web = stage.monitor()
    web.notification_channels.set([first])
    stage.fails(web)
    stage.drain()
    web.notification_channels.set([first, second])
    stage.recovers(web)
    assert [channel for channel, _event, _title in stage.drain()] == ["first"]


def test_what_nobody_could_be_told_in_a_day_is_given_up_and_so_is_its_end(stage):
    stage.channel()
    web = stage.monitor()
    stage.failing = True
    incident = stage.fails(web)
    for _hour in range(25):
        stage.clock.on(hours=1)
        for delivery in Delivery.objects.waiting().filter(expires_at__lte=stage.clock.now):
            Delivery.objects.filter(pk=delivery.pk).update(state="given_up", next_try_at=None)
        stage.drain()
    assert states() == {f"incident:{incident.pk}:down": "given_up"}
    assert Delivery.objects.get().attempts >= 20
    stage.failing = False
    stage.recovers(web)
    assert stage.drain() == []


def test_an_incident_of_two_weeks_is_told_when_it_ends(stage):
    """The ledger has forgotten by then."""
    from hazesite.outgoing.services import forget_old_deliveries

    stage.channel()
    web = stage.monitor()
    stage.fails(web)
    stage.drain()
    stage.clock.on(days=14)
    forget_old_deliveries()
    assert not Delivery.objects.exists()
    stage.recovers(web)
    assert [event for _channel, event, _title in stage.drain()] == ["up"]


def test_what_was_told_is_not_told_again_although_the_ledger_has_forgotten(stage):
    from monitoring.alerts import queueing
    from monitoring.events import Recovered, WentDown

    stage.channel()
    web = stage.monitor()
    down = stage.fails(web)
    stage.drain()
    up = stage.recovers(web)
    stage.drain()
    Delivery.objects.all().delete()
    with transaction.atomic():
        queueing.went_down(WentDown(web.pk, down.pk))
        queueing.recovered(Recovered(web.pk, up.pk))
    assert Delivery.objects.count() == 2
    assert stage.drain() == []


# --- whom ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "own, expected",
    [([], ["default"]), (["own"], ["own"]), (["own", "off"], ["own"]), (["off"], [])],
)
def test_a_monitors_channels_are_its_own_or_else_the_defaults(stage, own, expected):
    stage.channel("default")
    stage.channel("own", default=False)
    stage.channel("off", default=False, active=False)
    stage.channel("default but off", active=False)
    web = stage.monitor()
    web.notification_channels.set(NotificationChannel.objects.filter(name__in=own))
    stage.fails(web)
    assert [channel for channel, _event, _title in stage.drain()] == expected


def test_a_channel_that_was_switched_off_or_deleted_meanwhile_hears_nothing(stage):
    off, gone = stage.channel("off"), stage.channel("gone")
    stage.fails(stage.monitor())
    NotificationChannel.objects.filter(pk=off.pk).update(active=False)
    gone.delete()
    assert stage.drain() == []
    assert list(Delivery.objects.values_list("state", flat=True)) == ["retracted"] * 2


def test_a_monitor_that_is_deleted_is_not_told_of(stage):
    stage.channel()
    web = stage.monitor()
    stage.fails(web)
    web.delete()
    assert stage.drain() == []


# --- by severity -------------------------------------------------------------------
@pytest.mark.parametrize("severity", ["critical", "warning"])
def test_critical_and_warning_are_told_at_once(stage, severity):
    stage.channel()
    stage.fails(stage.monitor(severity=severity))
    assert stage.drain() == [("ops", "down", "web is down")]


def test_what_is_for_information_comes_once_a_day_in_one_message(stage):
    stage.channel(summary_at=time(8), time_zone="Europe/Berlin")
    ads, blog = stage.monitor("ads", "info"), stage.monitor("blog", "info")
    stage.fails(ads)
    stage.clock.on(minutes=12)
    stage.recovers(ads)
    stage.fails(blog)
    assert stage.work(hours=18) == []
    stage.clock.now = datetime(2026, 3, 3, 7, 0, 1, tzinfo=UTC)  # 08:00 in Berlin
    assert stage.drain() == [("ops", "summary", "Daily summary: 2 things")]
    assert "ads was down" in stage.texts[-1] and "blog is down" in stage.texts[-1]
    stage.recovers(blog)
    assert stage.drain() == []
    stage.clock.on(days=1)
    assert stage.drain() == [("ops", "summary", "Daily summary: 1 thing")]
    assert "blog is up again" in stage.texts[-1]
    stage.clock.on(days=1)
    assert stage.drain() == []


@pytest.mark.parametrize(
    "zone, at, now, due",
    [
        ("UTC", None, BEGIN, datetime(2026, 3, 3, 8, tzinfo=UTC)),
        ("UTC", time(13), BEGIN, datetime(2026, 3, 2, 13, tzinfo=UTC)),
        ("Asia/Tokyo", time(8), BEGIN, datetime(2026, 3, 2, 23, tzinfo=UTC)),
        ("Europe/Berlin", time(8), BEGIN.replace(day=28), datetime(2026, 3, 29, 6, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_summary_is_due_by_the_channels_own_clock(zone, at, now, due):
    assert next_summary(NotificationChannel(time_zone=zone, summary_at=at), now) == due


# --- slow ----------------------------------------------------------------------------
def test_slow_answers_and_their_end_are_told(stage):
    stage.channel()
    spell = stage.slows(stage.monitor())
    assert stage.drain() == [("ops", "slow", "web is slow")]
    assert "612 ms" in stage.texts[-1] and "500 ms" in stage.texts[-1]
    stage.clock.on(minutes=3)
    stage.speeds_up(spell)
    assert stage.drain() == [("ops", "fast", "web is fast again")]


def test_what_gets_slower_still_is_not_called_fast_between(stage):
    stage.channel()
    web = stage.monitor()
    spell = stage.slows(web)
    stage.drain()
    stage.speeds_up(spell)
    worse = stage.slows(web, "critical", 1000)
    assert stage.drain() == [("ops", "slow", "web is slow")]
    stage.speeds_up(worse)
    assert stage.drain() == [("ops", "fast", "web is fast again")]


# --- maintenance ---------------------------------------------------------------------
def test_nothing_is_said_again_because_of_a_maintenance_window(stage, ada):
    stage.channel(remind_minutes=30)
    web = stage.monitor()
    stage.fails(web)
    stage.drain()
    begin = stage.clock.now + timedelta(minutes=10)
    end = begin + timedelta(hours=2)
    MaintenanceWindow.objects.create(
        name="work", starts_at=begin, duration_minutes=120, everything=True, next_start=begin, next_end=end
    )
    assert stage.work(minutes=125) == []
    assert stage.work(minutes=34) == [("ops", "reminder", "web is still down")]


def test_what_went_down_in_a_window_is_told_when_it_is_over_and_still_down(stage):
    stage.channel()
    begin = stage.clock.now
    end = begin + timedelta(minutes=20)
    MaintenanceWindow.objects.create(
        name="work", starts_at=begin, duration_minutes=20, everything=True, next_start=begin, next_end=end
    )
    web, ads = stage.monitor(), stage.monitor("ads")
    stage.fails(web)
    stage.fails(ads)
    assert stage.work(minutes=10) == []
    stage.recovers(ads)
    assert stage.work(minutes=9) == []
    assert stage.work(minutes=3) == [("ops", "down", "web is down")]


def test_the_engine_and_a_window_around_an_outage_tell_it_once(stage):
    """Down before the window, in it and after it."""
    stage.channel()
    web = Monitor.objects.create(name="web", type="http", url="https://a.org", severity="critical")
    standing.begin(web, stage.clock.now)
    begin = stage.clock.now + timedelta(minutes=10)
    MaintenanceWindow.objects.create(
        name="work",
        starts_at=begin,
        duration_minutes=60,
        everything=True,
        next_start=begin,
        next_end=begin + timedelta(hours=1),
    )
    up, down = Result(is_up=True, response_ms=80), Result(is_up=False, error="Connection refused")
    stage.clock.on(minutes=1)
    check(web, down)
    assert stage.drain() == [("ops", "down", "web is down")]
    for _quarter in range(5):
        stage.clock.on(minutes=15)
        check(web, down)
        assert stage.work(seconds=20) == []
    assert stage.clock.now > begin + timedelta(hours=1)
    check(web, up)
    assert stage.drain() == [("ops", "up", "web is up again")]


# --- what it costs ---------------------------------------------------------------------
def test_an_alert_costs_a_few_queries_in_the_transaction_of_the_result(stage):
    for number in range(5):
        stage.channel(f"ops {number}")
    web, other = stage.monitor(), stage.monitor("other")
    with CaptureQueriesContext(connection) as queries:
        stage.fails(web)
    of_the_stage = 4  # savepoints, the state, the incident
    assert len(queries) - of_the_stage <= 7
    stage.fails(other)
    with CaptureQueriesContext(connection) as queries:
        stage.recovers(web)
    assert len(queries) - of_the_stage <= 7


def test_deciding_costs_as_many_queries_for_many_as_for_one(stage):
    channel = stage.channel(flap_changes=5, flap_minutes=10)
    check = TRANSPORTS["monitor-webhook"].check
    for number in range(12):
        web = stage.monitor(f"web {number}")
        stage.fails(web)
        stage.slows(web)
        stage.recovers(web)
    rows = list(Delivery.objects.filter(target=str(channel.pk)))
    with CaptureQueriesContext(connection) as of_one:
        check(rows[:2])
    with CaptureQueriesContext(connection) as of_all:
        check(rows)
    assert len(of_all) == len(of_one) <= 7
