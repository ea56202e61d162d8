"""Monitors that go up and down, and storms in which everything fails at once."""

from __future__ import annotations

import pytest

from hazesite.outgoing.models import Delivery
from monitoring.models import Alert
from tests.monitoring.alerts.stage import states


def flap(stage, web, times, minutes=1.0):
    """Down and up so many times; a worker sends what there is."""
    told = []
    for _time in range(times):
        stage.fails(web)
        told += stage.work(minutes=minutes)
        stage.recovers(web)
        told += stage.work(minutes=minutes)
    return [event for _channel, event, _title in told]


@pytest.fixture
def damped(stage):
    return stage.channel(flap_changes=4, flap_minutes=10)


def test_without_damping_each_change_is_told(stage):
    stage.channel()
    assert flap(stage, stage.monitor(), 4) == ["down", "up"] * 4


def test_one_notice_then_silence_and_at_rest_nothing_more_if_it_is_as_it_was_told(stage, damped):
    web = stage.monitor()
    assert flap(stage, web, 6) == ["down", "up", "down", "flapping"]
    # Up, but what was told before the notice is that it is down.
    assert stage.work(minutes=8) == []
    assert stage.work(minutes=2) == [("ops", "up", "web is up again")]
    assert stage.work(hours=5) == []
    stage.fails(web)
    assert stage.drain() == [("ops", "down", "web is down")]


def test_down_at_rest_is_told_and_its_recovery_too(stage, damped):
    web = stage.monitor()
    flap(stage, web, 3)
    stage.fails(web)
    assert stage.work(minutes=9) == []
    # The last that was told is that it is down: there is nothing to say.
    assert stage.work(minutes=3) == []
    stage.recovers(web)
    assert stage.drain() == [("ops", "up", "web is up again")]


def test_a_final_state_that_differs_is_told(stage):
    stage.channel(flap_changes=3, flap_minutes=10)
    web = stage.monitor()
    assert flap(stage, web, 2) == ["down", "up", "flapping"]
    stage.fails(web)
    assert stage.work(minutes=9) == []
    assert stage.work(minutes=3) == [("ops", "down", "web is down")]
    assert set(Alert.objects.values_list("event", flat=True)) >= {"down", "up", "flapping"}
    stage.recovers(web)
    assert stage.drain() == [("ops", "up", "web is up again")]
    assert not Delivery.objects.waiting().exists()


def test_others_are_not_kept_from_what_they_have_to_say(stage, damped):
    web, ads = stage.monitor(), stage.monitor("ads")
    flap(stage, web, 4)
    stage.fails(ads)
    assert stage.drain() == [("ops", "down", "ads is down")]


def test_a_storm_becomes_one_digest(stage):
    stage.channel(storm_alerts=3, storm_seconds=60)
    for number in range(10):
        stage.fails(stage.monitor(f"web {number}"))
    told = stage.drain()
    assert told == [("ops", "digest", "10 alerts")]
    assert all(f"web {number} is down" in stage.texts[-1] for number in range(10))
    assert Alert.objects.filter(event="down").count() == 10
    assert sorted(states().values()) == ["retracted"] * 9 + ["sent"]


def test_it_counts_as_the_alert_of_each_incident_that_it_lists(stage):
    stage.channel(storm_alerts=3, storm_seconds=60)
    monitors = [stage.monitor(f"web {number}") for number in range(5)]
    for monitor in monitors:
        stage.fails(monitor)
    stage.drain()
    stage.clock.on(minutes=2)
    stage.recovers(monitors[0])
    assert stage.drain() == [("ops", "up", "web 0 is up again")]
    stage.clock.on(minutes=2)
    for monitor in monitors[1:]:
        stage.recovers(monitor)
    assert stage.drain() == [("ops", "digest", "4 alerts")]
    assert stage.work(hours=3) == []


def test_a_trickle_is_told_one_by_one_and_what_is_more_waits_for_the_digest(stage):
    stage.channel(storm_alerts=3, storm_seconds=60)
    told = []
    for number in range(6):
        stage.fails(stage.monitor(f"web {number}"))
        told += stage.drain()
        stage.clock.on(seconds=5)
    assert [event for _channel, event, _title in told] == ["down"] * 3
    stage.clock.on(seconds=31)
    assert stage.drain() == [("ops", "digest", "3 alerts")]
    assert all(f"web {number} is down" in stage.texts[-1] for number in (3, 4, 5))


def test_a_storm_at_one_channel_is_none_at_another(stage):
    stage.channel("calm", storm_alerts=2, storm_seconds=60)
    stage.channel("plain")
    for number in range(4):
        stage.fails(stage.monitor(f"web {number}"))
    told = sorted((channel, event) for channel, event, _title in stage.drain())
    assert told == [("calm", "digest")] + [("plain", "down")] * 4


def test_two_drainers_make_one_digest(stage):
    """The second sees that an older one is being sent, and waits."""
    from hazesite.outgoing import services as outgoing
    from hazesite.outgoing.room import Room
    from hazesite.outgoing.transports import TRANSPORTS, Ready, Sent, Wait

    stage.channel(storm_alerts=2, storm_seconds=60)
    for number in range(5):
        stage.fails(stage.monitor(f"web {number}"))
    first, second = outgoing.lease("one", Room()), outgoing.lease("two", Room())
    check = TRANSPORTS["monitor-webhook"].check
    [one], [two] = first, second
    bears, waits = check([one])[one.pk], check([two])[two.pk]
    assert isinstance(bears, Ready) and isinstance(waits, Wait)
    outgoing.settle([(two, waits), (one, Sent(bears.content.also))])
    stage.clock.on(minutes=2)
    assert len(stage.drain()) == 1  # the one that the other drainer held
    assert not Delivery.objects.waiting().exists()
