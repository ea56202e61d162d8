"""The history: sums that heal, rows that go, shares of time, the last checks of many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from hazesite import partitions
from monitoring.models import Check, DayStat, HourStat, Monitor, Spell, Status
from monitoring.services import history, upkeep, uptime
from tests.monitoring.engine.stage import BEGIN, after, fail, monitor, see

pytestmark = pytest.mark.django_db


def columns(model) -> list[tuple]:
    names = [field.attname for field in model._meta.fields if field.name != "pk"]
    return list(model.objects.order_by("monitor_id", "start").values_list(*names))


def test_sums_that_are_right_stay_as_they_are():
    for name in ("a", "b"):
        one = monitor(name, response_time_warning_ms=None, response_time_critical_ms=None)
        for number, response_ms in enumerate((10, 10.1, 250, 31_000)):
            see(one, after(60 * number), response_ms=response_ms)
        fail(one, after(300))
        see(one, after(360), is_up=None, response_ms=None)
        see(one, after(3600))
    hours, days = columns(HourStat), columns(DayStat)
    assert upkeep.check_sums(after(3600 + 400)) == 2
    assert (columns(HourStat), columns(DayStat)) == (hours, days)


def test_sums_that_are_wrong_heal():
    web = monitor()
    see(web, after(0))
    see(web, after(3600))
    right = columns(HourStat), columns(DayStat)
    HourStat.objects.filter(start=BEGIN).update(up=77, max_ms=None)
    DayStat.objects.update(up=99)
    upkeep.check_sums(after(3600 + 400))
    assert (columns(HourStat), columns(DayStat)) == right


def test_an_hour_is_left_to_settle():
    see(monitor(), after(0))
    HourStat.objects.update(up=77)
    upkeep.check_sums(after(3600 + 200))
    assert HourStat.objects.get().up == 77


def test_old_checks_go_and_new_ones_stay(settings):
    settings.KEEP_HISTORY_DAYS = 7
    now = timezone.now()
    web, other = monitor("a", now), monitor("b", now)
    partitions.ensure_ahead(Check)
    for one in (web, other):
        see(one, now - timedelta(hours=1))
    for days in (9, 6.99):
        _make_old(web, now - timedelta(days=days))
    upkeep.forget_old_checks()
    assert Check.objects.filter(at__lt=now - timedelta(days=8)).count() == 0
    assert Check.objects.count() == 3


def _make_old(one: Monitor, at) -> None:
    partitions.ensure(Check, [at.date()])
    Check.objects.create(monitor=one, at=at, status="up", is_up=True)


def test_hours_go_after_four_hundred_days():
    web, now = monitor(), timezone.now()
    for days in (399, 401, 500):
        HourStat.objects.create(monitor=web, start=now - timedelta(days=days))
        DayStat.objects.create(monitor=web, start=now - timedelta(days=days))
    assert upkeep.forget_old_hours() == 2
    assert (HourStat.objects.count(), DayStat.objects.count()) == (1, 3)


@pytest.mark.postgres
def test_days_have_their_partitions_in_advance():
    upkeep.make_partitions_ahead()
    there = partitions.partitions(Check)
    today = timezone.now().date()
    assert {today, today + timedelta(days=3)} <= set(there)


@pytest.mark.postgres
def test_a_day_that_was_taken_away_is_made_again_at_the_next_try():
    web, long_ago = monitor(), BEGIN - timedelta(days=3650)
    see(web, long_ago)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE monitoring_check_d{long_ago:%Y%m%d}")
    with pytest.raises(IntegrityError), transaction.atomic():
        see(web, long_ago + timedelta(minutes=1))
    see(web, long_ago + timedelta(minutes=1))
    assert Check.objects.filter(monitor=web).count() == 1


def test_uptime_is_weighted_by_time_and_leaves_out_what_is_not_known():
    web, other = monitor("a"), monitor("b")
    Spell.objects.all().delete()
    for status, start, end in (
        (Status.UP, 0, 90), (Status.DOWN, 90, 100), (Status.UNKNOWN, 100, 500), (Status.PAUSED, 500, 600),
        (Status.MAINTENANCE, 600, 700), (Status.UP, 700, None),
    ):  # fmt: skip
        end_at = None if end is None else after(end)
        Spell.objects.create(monitor=web, status=status, started_at=after(start), ended_at=end_at)
    spans = uptime.spans_since([web.pk, other.pk], BEGIN, after(800))
    assert uptime.percent(spans[web.pk], BEGIN, after(800)) == 95
    assert uptime.percent(spans[web.pk], after(95), after(105)) == 0
    assert uptime.percent(spans[web.pk], after(100), after(700)) is None
    assert other.pk not in spans


@pytest.mark.parametrize("microseconds", [11, 22, 29])
def test_always_up_is_a_hundred_and_no_more(microseconds):
    end = BEGIN + timedelta(microseconds=microseconds)  # of which 100 * x / x is more
    assert uptime.percent([(Status.UP, BEGIN, end)], BEGIN, end) == 100


def test_uptime_of_many_is_one_query(django_assert_num_queries):
    keys = [monitor(f"m{number}").pk for number in range(20)]
    with django_assert_num_queries(1):
        assert len(uptime.spans_since(keys, BEGIN, after(60))) == 20


def test_the_last_checks_of_many_are_one_query(django_assert_num_queries):
    monitors = [monitor(f"m{number}") for number in range(10)]
    for one in monitors:
        for number in range(5):
            see(one, after(60 * number), response_ms=number)
    with django_assert_num_queries(1):
        found = history.recent([one.pk for one in monitors], 3)
    assert len(found) == 10
    assert all([check.response_ms for check in checks] == [2, 3, 4] for checks in found.values())
    assert history.recent([], 3) == {}
    assert [one.response_ms for one in history.recent([monitors[0].pk], 1)[monitors[0].pk]] == [4]
