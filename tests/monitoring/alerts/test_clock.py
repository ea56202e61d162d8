"""What time brings: escalation, reminders, and parents that are back."""

from __future__ import annotations

from hazesite.outgoing.models import Delivery
from monitoring.models import Incident, Status
from monitoring.services import incidents


# --- escalation, reminders -----------------------------------------------------------
def test_whoever_is_next_hears_when_nobody_acknowledges(stage):
    first, second, third = (stage.channel(name, default=False) for name in ("a", "b", "c"))
    policy = stage.policy((0, [first]), (5, [second]), (15, [first, third]))
    web = stage.monitor(escalation=policy)
    stage.fails(web)
    assert stage.drain() == [("a", "down", "web is down")]
    assert stage.work(minutes=4) == []
    title = "web is down, and nobody has acknowledged it"
    assert stage.work(minutes=1) == [("b", "escalation", title)]
    assert stage.work(minutes=9) == []
    assert stage.work(minutes=1) == [("a", "escalation", title), ("c", "escalation", title)]
    assert stage.work(hours=5) == []
    stage.recovers(web)
    assert sorted(stage.drain()) == [(name, "up", "web is up again") for name in "abc"]


def test_acknowledged_it_escalates_and_reminds_no_more(stage, moira):
    first = stage.channel("a", default=False, remind_minutes=10)
    second = stage.channel("b", default=False)
    web = stage.monitor(escalation=stage.policy((0, [first]), (5, [second])))
    incident = stage.fails(web)
    stage.drain()
    stage.work(minutes=3)
    incidents.acknowledge(moira, incident.pk)
    assert stage.work(hours=3) == []
    stage.recovers(web)
    assert stage.drain() == [("a", "up", "web is up again")]


def test_an_escalation_that_waits_is_dropped_when_it_is_acknowledged(stage, moira):
    first, second = stage.channel("a", default=False), stage.channel("b", default=False)
    incident = stage.fails(stage.monitor(escalation=stage.policy((0, [first]), (5, [second]))))
    stage.drain()
    stage.failing = True
    stage.work(minutes=6)
    incidents.acknowledge(moira, incident.pk)
    stage.failing = False
    assert stage.work(hours=2) == []


def test_whatever_the_clock_says_an_acknowledged_incident_takes_no_step(stage):
    """Of two who write at the same moment."""
    first, second = stage.channel("a", default=False, remind_minutes=5), stage.channel("b", default=False)
    incident = stage.fails(stage.monitor(escalation=stage.policy((0, [first]), (5, [second]))))
    stage.drain()
    rows = Incident.objects.filter(pk=incident.pk)
    rows.update(acknowledged_at=stage.clock.now, next_step_at=stage.clock.now)
    assert stage.work(hours=1) == []
    assert Delivery.objects.count() == 1


def test_who_asked_for_reminders_is_reminded_and_nobody_else(stage):
    stage.channel("often", remind_minutes=10)
    stage.channel("once")
    web = stage.monitor()
    stage.fails(web)
    stage.drain()
    told = stage.work(minutes=31)
    assert told == [("often", "reminder", "web is still down")] * 3
    assert Incident.objects.get().reminders == 3
    stage.recovers(web)
    stage.drain()
    assert stage.work(hours=1) == []


def test_reminders_do_not_pile_up_while_a_channel_is_away(stage):
    stage.channel(remind_minutes=10)
    web = stage.monitor()
    stage.fails(web)
    stage.failing = True
    stage.work(hours=2)
    stage.failing = False
    stage.clock.on(hours=1)
    assert stage.drain() == [("ops", "down", "web is down")]


def test_two_workers_take_each_step_once(stage):
    from monitoring.alerts.clock import take_steps

    first, second = stage.channel("a", default=False), stage.channel("b", default=False)
    stage.fails(stage.monitor(escalation=stage.policy((0, [first]), (5, [second]))))
    stage.clock.on(minutes=6)
    assert (take_steps(), take_steps()) == (1, 0)
    assert Delivery.objects.filter(target=str(second.pk)).count() == 1


# --- parents -------------------------------------------------------------------------
def family(stage):
    router = stage.monitor("router")
    switch = stage.monitor("switch", parent=router)
    return router, switch, stage.monitor("web", parent=switch)


def test_children_are_silent_while_an_ancestor_is_down(stage):
    stage.channel()
    router, _switch, web = family(stage)
    stage.fails(router)
    incident = stage.fails(web)
    assert stage.drain() == [("ops", "down", "router is down")]
    incident.refresh_from_db()
    assert incident.silenced_by == router and incident.alerted_at is None
    stage.work(hours=3)
    stage.recovers(web)
    stage.recovers(router)
    stage.work(hours=1)
    assert [title for _channel, _event, title in stage.told] == ["router is down", "router is up again"]


def test_a_failing_parent_silences_before_it_is_down_but_a_new_one_does_not(stage):
    stage.channel()
    router = stage.monitor("router")
    web = stage.monitor(parent=router)
    stage.state(router, Status.PENDING, failures=1)
    stage.fails(web)
    assert stage.drain() == []
    stage.recovers(web)
    stage.state(router, Status.PENDING, failures=0)
    stage.fails(web)
    assert stage.drain() == [("ops", "down", "web is down")]


def test_a_parent_that_fails_while_it_is_worked_on_silences_and_one_that_answers_does_not(stage):
    stage.channel()
    router = stage.monitor("router")
    web = stage.monitor(parent=router)
    stage.state(router, Status.MAINTENANCE, error="Connection refused")
    stage.fails(web)
    assert stage.work(minutes=5) == []
    stage.state(router, Status.MAINTENANCE, error="")
    assert stage.work(minutes=5) == [("ops", "down", "web is down")]


def test_a_child_that_stays_down_when_its_parent_is_back_is_told_then_and_once(stage):
    stage.channel()
    router, _switch, web = family(stage)
    stage.fails(router)
    stage.fails(web)
    stage.work(minutes=10)
    stage.recovers(router)
    stage.clock.on(seconds=30)
    stage.state(web, Status.DOWN)  # it was checked again
    told = stage.work(minutes=10)
    assert [title for _channel, _event, title in told] == ["router is up again", "web is down"]
    incident = Incident.objects.get(monitor=web)
    assert incident.silenced_by is None and incident.alerted_at
    stage.recovers(web)
    assert stage.drain() == [("ops", "up", "web is up again")]


def test_a_child_that_comes_back_right_after_its_parent_is_not_told(stage):
    stage.channel()
    router, _switch, web = family(stage)
    stage.fails(router)
    stage.fails(web)
    stage.work(minutes=10)
    stage.recovers(router)
    stage.work(minutes=1)
    stage.recovers(web)
    stage.work(minutes=10)
    assert [title for _channel, _event, title in stage.told] == ["router is down", "router is up again"]


def test_a_child_that_is_slow_while_its_parent_is_down_is_not_told_of(stage):
    stage.channel()
    router, _switch, web = family(stage)
    stage.fails(router)
    stage.speeds_up(stage.slows(web))
    assert [title for _channel, _event, title in stage.drain()] == ["router is down"]
    stage.recovers(router)
    stage.slows(web)
    assert [title for _channel, _event, title in stage.drain()] == ["router is up again", "web is slow"]


def test_a_circle_of_parents_ends(stage):
    stage.channel()
    one = stage.monitor("one")
    two = stage.monitor("two", parent=one)
    one.parent = two
    one.save()
    stage.fails(one)
    assert stage.drain() == [("ops", "down", "one is down")]
