"""When maintenance windows run, also on the days when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hazesite.audit.models import AuditEntry
from hazesite.errors import NotAllowed, NotFound, Unfit
from monitoring.models import MaintenanceWindow, Monitor, Tag
from monitoring.services.windows import (
    NotARecurrence,
    WindowCoversNothing,
    delete_window,
    in_maintenance,
    keep_up_to_date,
    occurrences,
    save_window,
    windows,
)

SUNDAYS = "FREQ=WEEKLY;BYDAY=SU"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(starts: str, minutes: int = 60, rule: str = "", zone: str = "Europe/Berlin") -> MaintenanceWindow:
    return MaintenanceWindow(
        starts_at=at(starts), duration_minutes=minutes, recurrence=rule, time_zone=zone, active=True
    )


def starts(found: MaintenanceWindow, after: str, count: int = 3) -> list[str]:
    return [f"{start:%Y-%m-%d %H:%M}" for start, _end in islice(occurrences(found, at(after)), count)]


@pytest.mark.parametrize(
    "found, after, expected",
    [
        (window("2026-03-02 12:00"), "2026-03-01 00:00", ["2026-03-02 12:00"]),
        (window("2026-03-02 12:00"), "2026-03-02 12:59", ["2026-03-02 12:00"]),
        (window("2026-03-02 12:00"), "2026-03-02 13:00", []),
        # 03:00 in Berlin stays 03:00: 02:00 UTC in winter, 01:00 in summer.
        (
            window("2026-03-15 02:00", 60, SUNDAYS),
            "2026-03-16 00:00",
            ["2026-03-22 02:00", "2026-03-29 01:00", "2026-04-05 01:00"],
        ),
        (
            window("2026-10-11 01:00", 60, SUNDAYS),
            "2026-10-12 00:00",
            ["2026-10-18 01:00", "2026-10-25 02:00", "2026-11-01 02:00"],
        ),
        # 02:30 does not exist on that night, and comes twice on the other, when the first counts.
        (
            window("2026-03-15 01:30", 60, SUNDAYS),
            "2026-03-23 00:00",
            ["2026-03-29 01:30", "2026-04-05 00:30", "2026-04-12 00:30"],
        ),
        (
            window("2026-10-18 00:30", 60, SUNDAYS),
            "2026-10-25 01:20",
            ["2026-10-25 00:30", "2026-11-01 01:30", "2026-11-08 01:30"],
        ),
        (
            window("2026-01-01 09:00", 30, "FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", "UTC"),
            "2026-01-02 00:00",
            ["2026-01-30 09:00", "2026-02-27 09:00"],
        ),
        (
            window("2026-03-02 09:00", 30, "RRULE:FREQ=DAILY;UNTIL=20260304T090000Z", "Asia/Tokyo"),
            "2026-03-01 00:00",
            ["2026-03-02 09:00", "2026-03-03 09:00", "2026-03-04 09:00"],
        ),
        (
            window("2000-01-01 09:00", 30, "FREQ=DAILY", "UTC"),
            "2026-03-01 00:00",
            ["2026-03-01 09:00", "2026-03-02 09:00", "2026-03-03 09:00"],
        ),
    ],
)
def test_it_comes_by_the_wall_clock_of_its_zone(found, after, expected):
    assert starts(found, after) == expected


def test_it_lasts_as_many_real_minutes_as_it_says():
    [(start, end)] = islice(occurrences(window("2026-03-29 00:30", 120), at("2026-03-29 00:00")), 1)
    assert end - start == timedelta(hours=2)


# --- which monitors ------------------------------------------------------------
@pytest.fixture
def monitors(db) -> list[Monitor]:
    return [Monitor.objects.create(name=f"m{number}", type="http") for number in range(4)]


@pytest.fixture
def saved(ada):
    def save(**more):
        given = {"name": "work", "starts_at": at("2026-03-02 12:00"), "duration_minutes": 60}
        return save_window(ada, {**given, **more})

    return save


@pytest.fixture
def noon(clock) -> datetime:
    clock.now = at("2026-03-02 12:30")
    return clock.now


def test_it_covers_its_monitors_those_with_its_tags_or_all(monitors, saved, noon):
    tag = Tag.objects.create(name="eu")
    monitors[2].tags.add(tag)
    everybody = [one.pk for one in monitors]
    assert in_maintenance(everybody, noon) == set()
    saved(monitors=[monitors[0].pk])
    saved(tags=["eu"], monitors=[monitors[1].pk])
    assert in_maintenance(everybody, noon) == {one.pk for one in monitors[:3]}
    assert in_maintenance([monitors[2].pk], noon) == {monitors[2].pk}
    assert in_maintenance(everybody, noon + timedelta(minutes=31)) == set()
    saved(everything=True)
    assert in_maintenance(everybody, noon) == set(everybody)


def test_one_that_is_switched_off_covers_nothing(monitors, saved, noon, ada):
    made = saved(everything=True)
    save_window(ada, {"active": False}, made.pk)
    assert in_maintenance([monitors[0].pk], noon) == set()
    save_window(ada, {"active": True}, made.pk)
    assert in_maintenance([monitors[0].pk], noon)


def test_the_next_time_counts_although_nobody_has_moved_it_on_yet(monitors, saved, noon):
    made = saved(everything=True, recurrence="FREQ=DAILY")
    assert (made.next_start, made.next_end) == (at("2026-03-02 12:00"), at("2026-03-02 13:00"))
    later = noon + timedelta(days=2)
    assert in_maintenance([monitors[0].pk], later)
    assert not in_maintenance([monitors[0].pk], later + timedelta(hours=1))
    assert keep_up_to_date(later + timedelta(hours=1)) == 1
    made.refresh_from_db()
    assert made.next_start == at("2026-03-05 12:00")
    assert keep_up_to_date(later + timedelta(hours=1)) == 0


def test_one_that_is_over_comes_no_more(saved, noon):
    made = saved(everything=True)
    keep_up_to_date(noon + timedelta(hours=1))
    made.refresh_from_db()
    assert (made.next_start, made.next_end) == (None, None)


def test_asking_costs_as_many_queries_for_many_as_for_one(monitors, saved, noon):
    for number in range(5):
        saved(name=f"w{number}", monitors=[monitors[0].pk], recurrence="FREQ=DAILY")
    with CaptureQueriesContext(connection) as queries:
        in_maintenance([one.pk for one in monitors], noon)
    assert len(queries) == 2


# --- who may, and what is refused -------------------------------------------------
def test_admins_write_staff_read(saved, ada, moira, alice, noon):
    made = saved(everything=True)
    assert list(windows(moira)) == [made]
    for refused in (
        lambda: windows(alice),
        lambda: save_window(moira, {"name": "x"}, made.pk),
        lambda: delete_window(moira, made.pk),
    ):
        with pytest.raises(NotAllowed):
            refused()
    delete_window(ada, made.pk)
    with pytest.raises(NotFound):
        delete_window(ada, made.pk)
    verbs = AuditEntry.objects.filter(object_type="window").values_list("verb", flat=True)
    assert sorted(verbs) == ["window.added", "window.deleted"]


@pytest.mark.parametrize(
    "more, error",
    [
        ({}, WindowCoversNothing),
        ({"everything": True, "name": " "}, Unfit),
        ({"everything": True, "duration_minutes": 0}, Unfit),
        ({"everything": True, "duration_minutes": 60 * 24 * 32}, Unfit),
        ({"everything": True, "starts_at": datetime(2026, 1, 1)}, Unfit),  # noqa: DTZ001 - without an offset
        ({"everything": True, "time_zone": "Mars/Phobos"}, Unfit),
        ({"everything": True, "colour": "red"}, Unfit),
        ({"monitors": [4711]}, Unfit),
        ({"tags": ["nowhere"]}, Unfit),
        ({"everything": True, "recurrence": "every sunday"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=MINUTELY"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY;COUNT=2;BYMONTH=2;BYMONTHDAY=30"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY\nRRULE:FREQ=DAILY"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY;BYDAY=XX"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY;UNTIL=20200101"}, NotARecurrence),
        ({"everything": True, "recurrence": "FREQ=DAILY;UNTIL=20269999T000000Z"}, NotARecurrence),
    ],
)
def test_what_makes_no_sense_is_refused(saved, noon, more, error):
    with pytest.raises(error):
        saved(**more)
    assert not MaintenanceWindow.objects.exists()
