"""What the dashboard shows: the answers, and their figures as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.roles import GRANTABLE
from analytics.answers import desk, features, overview, people, sessions
from analytics.answers.window import Window
from analytics.collecting.cleaning import OTHER, PLATFORMS
from analytics.errors import UnknownFeature
from hazesite.dashboard import Card

NOTHING = "\N{EN DASH}"
PRESETS = (7, 30, 90, 365)
SHADES = 5
MAX_COHORTS = 9
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Bar:
    """A line of a table with a bar behind it: `share` of the longest, in percent."""

    name: str
    value: str
    share: int
    link: str = ""
    note: str = ""


def board(actor: User, window: Window, feature: str) -> dict[str, Any]:
    found = overview.metrics(window)
    return {
        "window": window,
        "as_of": found["as_of"],
        "presets": PRESETS,
        "platforms": (*PLATFORMS, OTHER),
        "roles": GRANTABLE,
        "cards": _cards(found),
        "charts": _charts(found) | _chart_of(window, feature),
        "features": _features(window, found),
        "chosen": features.label(feature) if feature else "",
        "breakdowns": _breakdowns(found),
        "lengths": _lengths(found["sessions"]["lengths"]),
        "heat": _heat(found["actions"]["by_hour_of_week"]),
        "weekday_hours": range(0, 24, 3),
        "cohorts": _cohorts(window),
        "funnel": features.funnel(window, ("tickets.list", "tickets.read", "tickets.message"))["steps"],
        "bugs": found["errors"]["bugs"][:10],
        "staff": desk.staff(actor, window) if actor.is_admin else None,
        "online": sessions.online()["online"],
    }


def _cards(found: dict[str, Any]) -> list[Card]:
    users, stays, uses, errors, tickets = (
        found[name] for name in ("users", "sessions", "actions", "errors", "tickets")
    )
    by_now = _("%(day)s today, %(week)s this week") % {"day": users["dau"], "week": users["wau"]}
    return [
        Card(_("People"), number(users["active"]), by_now),
        Card(_("New"), number(users["new"]), _("%(count)s came back") % {"count": users["returning"]}),
        Card(_("Stickiness"), percent(users["stickiness"]), _("of a month's people come on a day")),
        Card(_("Sessions"), number(stays["total"]), _("half are over after %(time)s") % {
            "time": span(stays["median_duration"])}),
        Card(_("Uses"), number(uses["total"]), _("%(count)s failed") % {"count": number(uses["failures"])},
             alarming=uses["failures"] * 100 > uses["total"]),
        Card(_("Errors"), number(errors["total"]), _("%(count)s in the days before") % {
            "count": number(errors["total_before"])}, alarming=errors["total"] > 2 * errors["total_before"]),
        Card(_("First answer"), span(tickets["first_answer_median"]), _("business time, in the middle")),
        Card(_("Rating"), str(tickets["rating_mean"] or NOTHING), _("of %(count)s tickets") % {
            "count": tickets["ratings"]}),
    ]  # fmt: skip


# --- figures as text ---------------------------------------------------------
def number(value: int) -> str:
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share * 100:.0f} %"


def change(share: float | None) -> str:
    return _("new") if share is None else f"{share * 100:+.0f} %"


def span(seconds: int | None) -> str:
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


# --- charts ------------------------------------------------------------------
def _charts(found: dict[str, Any]) -> dict[str, Any]:
    users, tickets = found["users"]["per_day"], found["tickets"]["per_day"]
    uses, stays = found["actions"]["per_day"], found["sessions"]["per_day"]
    named = {"users": _("Day"), "week": _("Week"), "month": _("Month"), "new": pgettext("people", "New")}
    answers = [_minutes(row["first_answer_median"]) for row in tickets]
    times = [_moment(row["day"]) for row in users]
    return {
        "people": _chart(times, {label: _each(users, name) for name, label in named.items()}),
        "uses": _chart(times, {_("Uses"): _each(uses, "uses"), _("Sessions"): _each(stays, "sessions")}),
        "errors": _chart(times, {_("Errors"): _each(found["errors"]["per_day"], "errors")}),
        "desk": _chart(
            times, {_("Tickets opened"): _each(tickets, "opened"), _("First answer, minutes"): answers}
        ),
    }


def _each(rows: Sequence[dict[str, Any]], name: str) -> list[int]:
    return [row[name] for row in rows]


def _chart_of(window: Window, feature: str) -> dict[str, Any]:
    """The feature that was drilled into."""
    if not feature:
        return {}
    try:
        rows = features.one(window, feature)["per_day"]
    except UnknownFeature:
        return {}
    lines = {_("People"): [row["users"] for row in rows], _("Uses"): [row["uses"] for row in rows]}
    return {"feature": _chart([_moment(row["day"]) for row in rows], lines)}


def _chart(times: Sequence[int], lines: Mapping[str, Sequence[int | None]]) -> dict[str, Any]:
    return {"labels": list(lines), "data": [list(times), *(list(values) for values in lines.values())]}


def _moment(day: date) -> int:
    """As a chart of UTC shows that day."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def _minutes(seconds: int | None) -> int | None:
    return None if seconds is None else round(seconds / 60)


# --- tables ------------------------------------------------------------------
def _features(window: Window, found: dict[str, Any]) -> list[dict[str, Any]]:
    changes = {row["feature"]: row["users_change"] for row in features.comparison(window)["features"]}
    most = max((row["users"] for row in found["features"]), default=0)
    return [
        {
            **row,
            "share": _part(row["users"], most),
            "adoption": percent(row["adoption"]),
            "change": change(changes.get(row["feature"])),
        }
        for row in found["features"]
    ]


def _breakdowns(found: dict[str, Any]) -> list[tuple[str, list[Bar]]]:
    stays = found["sessions"]
    return [
        (_("Platforms"), _bars(found["platforms"], "platform")),
        (_("Versions"), _bars(found["versions"][:12], "version")),
        (_("Devices"), _counts(stays["devices"])),
        (_("Countries"), _counts(stays["countries"])),
    ]


def _bars(rows: Sequence[dict[str, Any]], name: str) -> list[Bar]:
    most = max((row["users"] for row in rows), default=0)
    return [
        Bar(
            row[name] or _("unknown"),
            number(row["users"]),
            _part(row["users"], most),
            f"{reverse('admin:analytics_usageday_changelist')}?{name}={row[name]}" if row[name] else "",
            _("%(share)s failed") % {"share": f"{row['failures'] / row['uses'] * 100:.1f} %"}
            if row["failures"]
            else "",
        )
        for row in rows
    ]


def _counts(rows: Sequence[dict[str, Any]]) -> list[Bar]:
    most = max((row["sessions"] for row in rows), default=0)
    return [Bar(row["name"], number(row["sessions"]), _part(row["sessions"], most)) for row in rows]


def _lengths(rows: Sequence[dict[str, Any]]) -> list[Bar]:
    most = max((row["sessions"] for row in rows), default=0)
    return [
        Bar(_length(row["from"], row["below"]), number(row["sessions"]), _part(row["sessions"], most))
        for row in rows
    ]


def _length(begin: int, below: int | None) -> str:
    return _("%(time)s and more") % {"time": span(begin)} if below is None else f"< {span(below)}"


def _heat(week: Sequence[Sequence[int]]) -> list[tuple[str, list[tuple[int, int]]]]:
    """Each hour of the week with one of a few shades."""
    most = max(max(hours) for hours in week)
    return [
        (_(WEEKDAYS[weekday]), [(count, -(-count * SHADES // most) if most else 0) for count in hours])
        for weekday, hours in enumerate(week)
    ]


def _cohorts(window: Window) -> list[dict[str, Any]]:
    """Weeks, ending today or where the window ends."""
    weeks = max(window.length, 4 * people.WEEK) // people.WEEK
    longer = window.starting(max(0, weeks * people.WEEK - window.length))
    rows = people.retention(longer, people.WEEK)["cohorts"][-MAX_COHORTS:]
    return [
        {
            "from": row["from"],
            "size": row["size"],
            "cells": [
                (percent(share), round((share or 0) * SHADES)) for share in row["shares"][:MAX_COHORTS]
            ],
        }
        for row in rows
    ]


def _part(value: int, most: int) -> int:
    return round(100 * value / most) if most else 0
