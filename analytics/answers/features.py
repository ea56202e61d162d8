"""What is used, by how many, more than before or less, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from pyroaring import BitMap

from analytics import days, sets
from analytics.answers.people import active_count, present
from analytics.answers.window import Window
from analytics.errors import UnknownFeature
from analytics.features import ALL, FEATURES

MIN_STEPS, MAX_STEPS = 2, 8


def label(feature: str) -> str:
    """Also for one that was renamed since it was counted."""
    return str(FEATURES[feature].label) if feature in FEATURES else feature


def known(feature: str) -> str:
    """Raises `UnknownFeature`."""
    if feature not in FEATURES:
        raise UnknownFeature(fields={"feature": [_("One of: %(names)s.") % {"names": ", ".join(FEATURES)}]})
    return feature


def ranking(window: Window) -> list[dict[str, Any]]:
    """Features by how many use them. Three queries."""
    found: defaultdict[str, BitMap] = defaultdict(BitMap)
    for feature, visitors in window.uses().exclude(feature=ALL).values_list("feature", "visitors"):
        found[feature] |= sets.unpacked(visitors)
    sums = window.uses().exclude(feature=ALL).order_by().values("feature")
    active = active_count(window)
    rows = [
        {
            "feature": row["feature"],
            "label": label(row["feature"]),
            "uses": row["uses__sum"],
            "failures": row["failures__sum"],
            "users": len(found[row["feature"]]),
            "adoption": _share(len(found[row["feature"]]), active),
        }
        for row in sums.annotate(Sum("uses"), Sum("failures"))
    ]
    return sorted(rows, key=lambda row: (-row["users"], -row["uses"], row["feature"]))


def comparison(window: Window) -> dict[str, Any]:
    """Each feature in this window and in the one just before, which is as long."""
    earlier = window.before()
    now, then = _by_name(ranking(window)), _by_name(ranking(earlier))
    rows = [
        {
            "feature": feature,
            "label": label(feature),
            **_beside("uses", now.get(feature), then.get(feature)),
            **_beside("users", now.get(feature), then.get(feature)),
        }
        for feature in sorted(now.keys() | then.keys())
    ]
    return {
        "from": window.first,
        "to": window.last,
        "before_from": earlier.first,
        "before_to": earlier.last,
        "features": sorted(rows, key=lambda row: (-row["users"], row["feature"])),
    }


def _by_name(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["feature"]: row for row in rows}


def _beside(name: str, now: dict[str, Any] | None, then: dict[str, Any] | None) -> dict[str, Any]:
    count, before = (row[name] if row else 0 for row in (now, then))
    change = round(count / before - 1, 4) if before else None
    return {name: count, f"{name}_before": before, f"{name}_change": change}


def one(window: Window, feature: str) -> dict[str, Any]:
    """A feature day by day. Raises `UnknownFeature`."""
    known(feature)
    daily = present(window, feature)
    sums = {
        row["day"]: row
        for row in window.uses()
        .filter(feature=feature)
        .order_by()
        .values("day")
        .annotate(Sum("uses"), Sum("failures"))
    }
    nothing = {"uses__sum": 0, "failures__sum": 0}
    rows = [
        {
            "day": day,
            "users": len(visitors),
            "uses": sums.get(day, nothing)["uses__sum"],
            "failures": sums.get(day, nothing)["failures__sum"],
        }
        for day, visitors in daily.items()
    ]
    return {
        "feature": feature,
        "label": label(feature),
        "users": len(sets.together(daily.values())),
        "uses": sum(row["uses"] for row in rows),
        "per_day": rows,
    }


# --- in which order ----------------------------------------------------------
def funnel(window: Window, steps: Sequence[str]) -> dict[str, Any]:
    """How many used the first feature, of these the second in the same hour or later, and so on.

    Raises `UnknownFeature`.
    """
    for step in steps:
        known(step)
    by_step = _by_hour(window, steps)
    reached = [BitMap() for _step in steps]
    for day in window.days():
        for hour in range(days.MAX_HOURS):
            _move_on(
                reached,
                [
                    sets.of_hour(by_step[step, day], hour) if (step, day) in by_step else BitMap()
                    for step in steps
                ],
            )
    first = len(reached[0])
    rows = []
    for place, step in enumerate(steps):
        count, before = len(reached[place]), len(reached[max(0, place - 1)])
        rows.append(
            {
                "feature": step,
                "label": label(step),
                "users": count,
                "of_first": _share(count, first),
                "of_previous": _share(count, before),
            }
        )
    return {"steps": rows}


def _move_on(reached: list[BitMap], now: Sequence[BitMap]) -> None:
    reached[0] |= now[0]
    for place in range(1, len(reached)):
        if now[place]:
            reached[place] |= now[place] & reached[place - 1]


def _by_hour(window: Window, steps: Sequence[str]) -> dict[tuple[str, date], BitMap]:
    rows = window.uses().filter(feature__in=set(steps))
    found: defaultdict[tuple[str, date], BitMap] = defaultdict(BitMap)
    for feature, day, visitors in rows.values_list("feature", "day", "visitors_by_hour"):
        found[feature, day] |= sets.unpacked(visitors)
    return dict(found)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
