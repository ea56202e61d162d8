"""Every figure is the one that plain counting gives: whatever the zone, also where clocks are changed."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from analytics.answers import features, overview, people, sessions
from analytics.answers.window import Window
from analytics.errors import ForgottenAlready
from analytics.models import FeatureUse, Progress, SessionDay, UsageDay
from analytics.rollups import running
from tests.analytics.oracle import NAMES, World, smallest_covering

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)
BEGIN = datetime(2025, 10, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
WINDOWS = (
    Window(date(2025, 10, 6), date(2025, 11, 5)),
    Window(date(2025, 10, 24), date(2025, 10, 28)),
    Window(date(2025, 10, 26), date(2025, 10, 26)),
    Window(date(2025, 10, 10), date(2025, 11, 4), platform="Android"),
    Window(date(2025, 10, 10), date(2025, 11, 4), version="2.5.0", role="lootling"),
    Window(date(2025, 1, 1), date(2025, 1, 3)),
)


@pytest.fixture(params=ZONES)
def world(request, settings, monkeypatch) -> World:
    settings.ANALYTICS_TIME_ZONE = request.param
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    made = World.made(ZONES.index(request.param), request.param, BEGIN, NOW)
    made.store()
    running.run()
    return made


def test_every_figure_is_as_counted_by_hand(world):
    for window in WINDOWS:
        _people(world, window)
        _features(world, window)
        _sessions(world, window)
    _overview(world)


def _people(world: World, window: Window) -> None:
    found, expected = people.users(window), world.users(window)
    assert found["per_day"] == expected
    everybody = world.users_between(window, window.first, window.last)
    assert found["active"] == len(everybody)
    assert found["new"] == sum(row["new"] for row in expected)
    shares = [row["users"] / row["month"] for row in expected if row["month"]]
    assert found["stickiness"] == (round(sum(shares) / len(shares), 4) if shares else None)
    for step in (1, 7):
        cohorts = [(c["from"], c["size"], c["returned"]) for c in people.retention(window, step)["cohorts"]]
        assert cohorts == world.cohorts(window, step)


def _features(world: World, window: Window) -> None:
    found = [(row["feature"], row["uses"], row["failures"], row["users"]) for row in features.ranking(window)]
    assert found == world.ranking(window)
    steps = random.Random(window.length).sample(NAMES, 3)
    for chosen in (steps, steps[:2], [steps[0], steps[0]]):
        assert [row["users"] for row in features.funnel(window, chosen)["steps"]] == world.funnel(
            window, chosen
        )
    before, now = ({row[0]: row[3] for row in world.ranking(one)} for one in (window.before(), window))
    for row in features.comparison(window)["features"]:
        assert (row["users"], row["users_before"]) == (
            now.get(row["feature"], 0), before.get(row["feature"], 0),
        )  # fmt: skip
    one = features.one(window, NAMES[0])
    assert one["uses"] == sum(use.uses for use in world.within(window) if use.feature == NAMES[0])


def _sessions(world: World, window: Window) -> None:
    found, seconds = sessions.sessions(window), world.seconds(window)
    tens = [value // 10 * 10 for value in seconds]
    assert found["total"] == len(seconds)
    assert found["avg_duration"] == (round(sum(seconds) / len(seconds)) if seconds else 0)
    assert found["median_duration"] == smallest_covering(tens, 50)
    assert found["p90_duration"] == smallest_covering(tens, 90)
    for bar in found["lengths"]:
        below = bar["below"] or 10**9
        assert bar["sessions"] == sum(bar["from"] <= value < below for value in seconds)
    assert {row["day"]: row["sessions"] for row in found["per_day"]} == {
        day: sum(world.day(stay.started_at) == day for stay in world.stays_within(window))
        for day in window.days()
    }
    for name in ("platform", "version", "role"):
        told = [
            (row[name], row["users"], row["sessions"], row["uses"])
            for row in sessions.breakdown(window, name)
        ]
        assert told == world.breakdown(window, name)
    week = sessions.actions(window)["by_hour_of_week"]
    counted = {(day, hour): n for day, hours in enumerate(week) for hour, n in enumerate(hours) if n}
    assert counted == world.by_hour_of_week(window)


def _overview(world: World) -> None:
    found = overview.stats(None)
    assert found["total_actions"] == sum(use.uses for use in world.uses)
    assert found["total_sessions"] == len(world.stays)
    today = world.day(NOW)
    week = Window(today - timedelta(days=6), today)
    assert found["active_users_7d"] == len(world.users_between(week, week.first, week.last))


def rows() -> tuple[list[tuple], list[tuple]]:
    uses = UsageDay.objects.order_by("feature", "day", "platform", "version", "role")
    return (
        [tuple(v if not isinstance(v, memoryview) else bytes(v) for v in row) for row in uses.values_list(
            "feature", "day", "platform", "version", "role", "uses", "failures", "uses_by_hour", "visitors",
            "visitors_by_hour",
        )],
        list(SessionDay.objects.order_by("day", "platform", "version", "role").values_list(
            "day", "sessions", "seconds", "lengths"
        )),
    )  # fmt: skip


def test_adding_up_again_or_little_by_little_comes_to_the_same(settings, monkeypatch):
    settings.ANALYTICS_TIME_ZONE = "Europe/Berlin"
    settings.ANALYTICS_KEEP_EVENTS_DAYS = settings.ANALYTICS_KEEP_SESSIONS_DAYS = 60
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    World.made(7, "Europe/Berlin", BEGIN, NOW, sessions=40).store()
    running.run()
    at_once = rows()
    running.run()
    assert rows() == at_once
    running.run_since(date(2025, 10, 1))
    assert rows() == at_once

    UsageDay.objects.all().delete()
    SessionDay.objects.all().delete()
    Progress.objects.all().delete()
    moment = BEGIN
    while moment < NOW:
        moment = min(NOW, moment + timedelta(hours=random.Random(str(moment)).randint(1, 120)))
        monkeypatch.setattr(timezone, "now", lambda: moment)  # noqa: B023
        running.run()
    assert rows() == at_once


def test_what_comes_an_hour_late_is_added_up_and_what_is_gone_is_taken_away(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    world = World.made(3, "UTC", NOW - timedelta(hours=2), NOW, sessions=5)
    world.store()
    running.run()
    FeatureUse.objects.create(
        at=NOW - timedelta(minutes=59), visitor=1, session=1, feature="profile", platform="Web", role="admin",
        uses=7,
    )  # fmt: skip
    running.run()
    assert UsageDay.objects.get(feature="profile", platform="").uses == 7
    FeatureUse.objects.filter(feature="profile").delete()
    running.run_since(NOW.date())
    assert not UsageDay.objects.filter(feature="profile").exists()


def test_a_funnel_goes_through_the_last_hour_of_a_day_of_twenty_five(settings, monkeypatch):
    settings.ANALYTICS_TIME_ZONE = "Europe/Berlin"
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    kind = {"session": 1, "visitor": 1, "platform": "Web", "role": "admin", "uses": 1}
    for minute, name in enumerate(("tickets.list", "tickets.read")):
        FeatureUse.objects.create(at=datetime(2025, 10, 26, 22, minute, tzinfo=UTC), feature=name, **kind)
    running.run()
    found = features.funnel(Window(date(2025, 10, 26), date(2025, 10, 26)), ["tickets.list", "tickets.read"])
    assert [step["users"] for step in found["steps"]] == [1, 1]


def test_an_hour_that_is_added_up_again_has_nobody_who_was_taken_out_of_it(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    kind = {"session": 1, "feature": "profile", "platform": "Web", "role": "admin", "uses": 1}
    for visitor in (1, 2):
        FeatureUse.objects.create(at=NOW - timedelta(minutes=9), visitor=visitor, **kind)
    today = Window(NOW.date(), NOW.date())
    for there in (2, 1):
        running.run()
        assert people.active_count(today) == there
        FeatureUse.objects.filter(visitor=2).delete()


def test_the_first_day_of_the_last_seven_counts_and_the_one_before_does_not(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    kind = {"session": 1, "feature": "profile", "platform": "Web", "role": "admin"}
    for ago, uses in ((0, 1), (6, 10), (7, 100)):
        FeatureUse.objects.create(at=NOW - timedelta(days=ago), visitor=ago + 1, uses=uses, **kind)
    running.run()
    found = overview.stats(7)
    assert (found["total_actions"], found["active_users_7d"]) == (11, 2)


def test_days_are_added_up_anew_as_far_back_as_their_rows_are_kept():
    assert running.run_since(running.oldest_day()) > 1
    with pytest.raises(ForgottenAlready):
        running.run_since(running.oldest_day() - timedelta(days=1))


def test_made_up_versions_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    FeatureUse.objects.bulk_create(
        FeatureUse(
            at=NOW - timedelta(minutes=3), visitor=number, session=1, feature="profile", platform="Web",
            version=f"1.{number}", role="lootling", uses=1,
        )
        for number in range(200)
    )  # fmt: skip
    running.run()
    found = sessions.breakdown(Window(NOW.date(), NOW.date()), "version")
    assert len(found) <= 41 and sum(row["uses"] for row in found) == 200
    assert people.users(Window(NOW.date(), NOW.date()))["active"] == 200
