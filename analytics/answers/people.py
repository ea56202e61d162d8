"""How many people came, how often they come back, and who stays away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from pyroaring import BitMap

from accounts.models import Session, User, UserQuerySet
from analytics import sets
from analytics.answers.window import Window
from analytics.features import ALL
from analytics.models import Visitor
from hazesite.errors import NotAllowed

WEEK, MONTH = 7, 30


def present(window: Window, feature: str = ALL) -> dict[date, BitMap]:
    """Who used the feature on each day of the window. One query."""
    found: defaultdict[date, BitMap] = defaultdict(BitMap)
    for day, visitors in window.uses().filter(feature=feature).values_list("day", "visitors"):
        found[day] |= sets.unpacked(visitors)
    return {day: found.get(day) or BitMap() for day in window.days()}


def newcomers(first: date, last: date) -> dict[date, BitMap]:
    """Whose first day it was, day by day."""
    rows = Visitor.objects.filter(first_day__range=(first, last)).values_list("first_day", "pk")
    found: defaultdict[date, list[int]] = defaultdict(list)
    for day, visitor in rows.iterator(5000):
        found[day].append(visitor)
    return {day: BitMap(visitors) for day, visitors in found.items()}


def sliding(daily: Sequence[BitMap], width: int) -> list[BitMap]:
    """For each day, everybody of the `width` days that end with it: three unions each, however wide."""
    heads: list[BitMap] = []
    for place, one in enumerate(daily):
        heads.append(BitMap(one) if place % width == 0 else heads[-1] | one)
    tails = [BitMap(one) for one in daily]
    for place in range(len(daily) - 2, -1, -1):
        if place % width != width - 1:
            tails[place] |= tails[place + 1]
    return [
        heads[place] | tails[place - width + 1] if place >= width else heads[place]
        for place in range(len(daily))
    ]


def users(window: Window) -> dict[str, Any]:
    """Two queries."""
    daily = present(window.starting(MONTH - 1))
    weeks, months = sliding(list(daily.values()), WEEK), sliding(list(daily.values()), MONTH)
    new = newcomers(window.first, window.last)
    rows: list[dict[str, Any]] = [
        {
            "day": day,
            "users": len(visitors),
            "new": visitors.intersection_cardinality(new.get(day, BitMap())),
            "week": len(weeks[place]),
            "month": len(months[place]),
        }
        for place, (day, visitors) in enumerate(daily.items())
        if day >= window.first
    ]
    everybody = sets.together(daily[day] for day in window.days())
    first_timers = sum(row["new"] for row in rows)
    return {
        "active": len(everybody),
        "new": first_timers,
        "returning": len(everybody) - first_timers,
        "daily_mean": round(sum(row["users"] for row in rows) / len(rows), 2),
        "dau": rows[-1]["users"],
        "wau": rows[-1]["week"],
        "mau": rows[-1]["month"],
        "stickiness": _stickiness(rows),
        "per_day": rows,
    }


def _stickiness(rows: Sequence[dict[str, Any]]) -> float | None:
    """How many of the people of a month come on a day of it, in the mean of the window's days."""
    shares = [row["users"] / row["month"] for row in rows if row["month"]]
    return round(sum(shares) / len(shares), 4) if shares else None


def active_count(window: Window) -> int:
    return len(sets.together(present(window).values()))


# --- coming back -------------------------------------------------------------
def retention(window: Window, step: int) -> dict[str, Any]:
    """Of those who came for the first time in each stretch of `step` days, how many came in each later one.

    Stretches end with the window; what is left over at its beginning is left out.
    """
    count = window.length // step
    begin = window.last - timedelta(days=count * step - 1)
    chosen = Window(begin, window.last, **window.kind)
    active, new = list(present(chosen).items()), newcomers(begin, window.last)
    stretches = [active[place * step : (place + 1) * step] for place in range(count)]
    came = [sets.together(visitors for _day, visitors in stretch) for stretch in stretches]
    cohorts = [
        {"from": stretch[0][0], "to": stretch[-1][0], **_returned(_first_timers(stretch, new), came[place:])}
        for place, stretch in enumerate(stretches)
    ]
    return {"step_days": step, "cohorts": cohorts}


def _first_timers(stretch: Iterable[tuple[date, BitMap]], new: dict[date, BitMap]) -> BitMap:
    return sets.together(visitors & new.get(day, BitMap()) for day, visitors in stretch)


def _returned(cohort: BitMap, came: Sequence[BitMap]) -> dict[str, Any]:
    counts = [cohort.intersection_cardinality(visitors) for visitors in came]
    shares = [round(count / len(cohort), 4) if cohort else None for count in counts]
    return {"size": len(cohort), "returned": counts, "shares": shares}


# --- staying away ------------------------------------------------------------
def inactive(actor: User, days: int) -> UserQuerySet:
    """People with an account who were not seen for so many days, as far as their sign-ins say.

    Not yet sorted. Raises `NotAllowed`.
    """
    if not actor.is_staff:
        raise NotAllowed
    limit = timezone.now() - timedelta(days=days)
    seen = Session.objects.filter(user=OuterRef("pk"), last_seen_at__gte=limit)
    people: UserQuerySet = User.objects.people()
    people = people.filter(is_active=True, created_at__lt=limit, erased_at=None)
    return people.filter(Q(last_login=None) | Q(last_login__lt=limit)).exclude(Exists(seen))
