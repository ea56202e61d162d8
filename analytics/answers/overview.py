"""The few figures at the top, and everything at once for dashboards of others."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from accounts.models import User
from analytics.answers import desk, errors, features, people, sessions
from analytics.answers.window import Window, last_days
from analytics.features import ALL
from analytics.models import SessionDay, UsageDay
from analytics.rollups.progress import last_run


def stats(length: int | None) -> dict[str, Any]:
    """Of the last so many days, or (None) of all that is kept. Five queries."""
    uses, stays = UsageDay.objects.filter(feature=ALL, platform=""), SessionDay.objects.all()
    if length is not None:
        first = last_days(length).first
        uses, stays = uses.filter(day__gte=first), stays.filter(day__gte=first)
    summed = stays.aggregate(total=Sum("sessions"), seconds=Sum("seconds"))
    total = summed["total"] or 0
    return {
        "total_users": User.objects.people().count(),
        "active_users_7d": people.active_count(last_days(people.WEEK)),
        "total_sessions": total,
        "avg_session_duration": round((summed["seconds"] or 0) / total) if total else 0,
        "total_actions": uses.aggregate(total=Sum("uses"))["total"] or 0,
        "as_of": last_run(),
    }


def metrics(window: Window) -> dict[str, Any]:
    stays = sessions.sessions(window)
    return {
        "from": window.first,
        "to": window.last,
        "filters": window.kind,
        "as_of": last_run(),
        "users": people.users(window),
        "sessions": stays,
        "durations": {name: stays[name] for name in ("avg_duration", "median_duration", "p90_duration")},
        "actions": sessions.actions(window),
        "features": features.ranking(window),
        "platforms": sessions.breakdown(window, "platform"),
        "versions": sessions.breakdown(window, "version"),
        "errors": errors.errors(window),
        "tickets": desk.desk(window),
    }
