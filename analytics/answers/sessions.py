"""How long people stay, on what, and who is here now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.utils import timezone
from pyroaring import BitMap

from accounts.models import User
from analytics import days, sets
from analytics.answers.window import Window
from analytics.collecting.sessions import IDLE
from analytics.features import ALL
from analytics.models import UsageSession
from analytics.rollups.sessions import STEP_SECONDS, most_common
from hazesite.errors import NotAllowed

ONLINE = timedelta(minutes=5)
EDGES = (10, 60, 180, 600, 1800, 3600)
"""Where the bars of the distribution end, in seconds; the last is all that is longer."""


def sessions(window: Window) -> dict[str, Any]:
    """One query."""
    per_day: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0])
    lengths, devices, countries = Counter[int](), Counter[str](), Counter[str]()
    columns = ("day", "sessions", "seconds", "lengths", "devices", "countries")
    for day, count, seconds, some_lengths, some_devices, some_countries in window.sessions().values_list(
        *columns
    ):
        per_day[day][0] += count
        per_day[day][1] += seconds
        lengths.update({int(step): number for step, number in some_lengths.items()})
        devices.update(some_devices)
        countries.update(some_countries)
    total, seconds = (sum(found[place] for found in per_day.values()) for place in (0, 1))
    return {
        "total": total,
        "avg_duration": round(seconds / total) if total else 0,
        "median_duration": percentile(lengths, 50),
        "p90_duration": percentile(lengths, 90),
        "lengths": distribution(lengths),
        "per_day": [_day(day, *per_day[day]) for day in window.days()],
        "devices": _named(devices),
        "countries": _named(countries),
    }


def _day(day: date, count: int, seconds: int) -> dict[str, Any]:
    return {"day": day, "sessions": count, "avg_duration": round(seconds / count) if count else 0}


def _named(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    known = {name: count for name, count in counts.items() if name}
    return [{"name": name, "sessions": count} for name, count in most_common(known, 10).items()]


def percentile(lengths: Mapping[int, int], percent: int) -> int | None:
    """In seconds, to the ten below: the shortest that so many of a hundred sessions do not exceed."""
    wanted = -(-sum(lengths.values()) * percent // 100)
    seen = 0
    for step in sorted(lengths):
        seen += lengths[step]
        if seen >= wanted:
            return step * STEP_SECONDS
    return None


def distribution(lengths: Mapping[int, int]) -> list[dict[str, Any]]:
    counts = [0] * (len(EDGES) + 1)
    for step, number in lengths.items():
        counts[sum(step * STEP_SECONDS >= edge for edge in EDGES)] += number
    bars = zip((0, *EDGES), (*EDGES, None), counts, strict=True)
    return [{"from": begin, "below": end, "sessions": count} for begin, end, count in bars]


# --- on what -----------------------------------------------------------------
def breakdown(window: Window, name: str) -> list[dict[str, Any]]:
    """People, uses and sessions by `platform`, `version` or `role`. Two queries."""
    visitors: defaultdict[str, BitMap] = defaultdict(BitMap)
    uses, failures = Counter[str](), Counter[str]()
    rows = window.uses_told_apart().filter(feature=ALL)
    for kind, found, used, failed in rows.values_list(name, "visitors", "uses", "failures"):
        visitors[kind] |= sets.unpacked(found)
        uses[kind] += used
        failures[kind] += failed
    summed = window.sessions().order_by().values(name).annotate(Sum("sessions"))
    counted = {row[name]: row["sessions__sum"] for row in summed}
    told = [
        {
            name: kind,
            "users": len(visitors[kind]),
            "sessions": counted.get(kind, 0),
            "uses": uses[kind],
            "failures": failures[kind],
        }
        for kind in uses
    ]
    return sorted(told, key=lambda row: (-row["users"], row[name]))


def actions(window: Window) -> dict[str, Any]:
    """Uses by day, and by hour of the week (Monday first). One query."""
    per_day: Counter[date] = Counter()
    week = [[0] * 24 for _weekday in range(7)]
    failures = 0
    rows = window.uses().filter(feature=ALL).values_list("day", "uses", "failures", "uses_by_hour")
    for day, uses, failed, by_hour in rows:
        per_day[day] += uses
        failures += failed
        for (begin, _end), count in zip(days.hours_of(day), by_hour, strict=False):
            week[day.weekday()][begin.astimezone(days.zone()).hour] += count
    return {
        "total": sum(per_day.values()),
        "failures": failures,
        "per_day": [{"day": day, "uses": per_day[day]} for day in window.days()],
        "by_hour_of_week": week,
    }


# --- now ---------------------------------------------------------------------
def online() -> dict[str, Any]:
    """Whom we saw within five minutes. Two queries, whatever the table holds."""
    rows = UsageSession.objects.filter(ended_at=None, last_at__gte=timezone.now() - ONLINE).order_by()
    seen = rows.values("platform").annotate(people=Count("visitor", distinct=True))
    platforms = {row["platform"]: row["people"] for row in seen}
    people = rows.aggregate(people=Count("visitor", distinct=True))["people"]
    return {"online": people, "platforms": platforms}


def active(actor: User, limit: int = 200) -> list[UsageSession]:
    """Sessions that go on, the last seen first, with their people. Raises `NotAllowed`."""
    if not actor.is_admin:
        raise NotAllowed
    rows = UsageSession.objects.filter(ended_at=None, last_at__gte=timezone.now() - IDLE)
    return list(rows.exclude(user=None).select_related("user").order_by("-last_at", "-pk")[:limit])
