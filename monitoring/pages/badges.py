"""Small pictures for other people's pages: how a monitor stands, what its uptime is, how fast it answers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Sum
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.models import HourStat, Status, StatusPageEntry
from monitoring.pages import wording
from monitoring.pages.uptime import percent, spans_since

COLOURS = {
    Status.UP: "#1f7a4d",
    Status.PENDING: "#8a5a00",
    Status.DOWN: "#b3261e",
    Status.MAINTENANCE: "#2f5fb3",
}
GREY = "#5a6178"
KINDS = ("status", "uptime", "response")
MAX_HOURS = 90 * 24


@dataclass(frozen=True)
class Badge:
    label: str
    value: str
    colour: str

    def svg(self) -> str:
        """The label at the left, the value at the right, each as wide as its text."""
        left, right = _width(self.label), _width(self.value)
        places = {
            "badge": self,
            "left": left,
            "right": right,
            "width": left + right,
            "left_middle": left * 5,
            "right_middle": (left + right / 2) * 10,
        }
        return render_to_string(
            "monitoring/badge.svg", {name: _plain(value) for name, value in places.items()}
        )


def _plain(value: object) -> object:
    """Numbers in an SVG follow no language."""
    return str(round(value)) if isinstance(value, (int, float)) else value


def _width(text: str) -> int:
    """About what 11 pixels of a sans-serif face take, and room at both ends."""
    return 10 + sum(12 if unicodedata.east_asian_width(sign) in "WF" else _narrow(sign) for sign in text)


def _narrow(sign: str) -> int:
    if sign in " .,:;!|'iljtfrI()[]":
        return 4
    return 10 if sign in "MWmw%@" else 7


def badge_of(monitor_id: int, kind: str, hours: int) -> Badge | None:
    """None for what stands on no public status page."""
    entries = StatusPageEntry.objects.filter(monitor=monitor_id, page__is_public=True)
    entry = entries.select_related("monitor__state").order_by("page_id").first()
    if entry is None:
        return None
    label, now = entry.label or entry.monitor.name, timezone.now()
    start = now - timedelta(hours=hours)
    if kind == "uptime":
        return _uptime(label, monitor_id, start, now)
    if kind == "response":
        return _response(label, monitor_id, start)
    state = getattr(entry.monitor, "state", None)
    status = Status(state.status) if state else Status.UNKNOWN
    return Badge(label, str(status.label), COLOURS.get(status, GREY))


def _uptime(label: str, monitor_id: int, start: datetime, now: datetime) -> Badge:
    share = percent(spans_since([monitor_id], start, now).get(monitor_id, []), start, now)
    return Badge(_("%(name)s uptime") % {"name": label}, wording.percent(share), _colour(share))


def _colour(share: float | None) -> str:
    if share is None:
        return GREY
    if share >= 99:
        return COLOURS[Status.UP]
    return COLOURS[Status.PENDING] if share >= 95 else COLOURS[Status.DOWN]


def _response(label: str, monitor_id: int, start: datetime) -> Badge:
    rows = HourStat.objects.filter(monitor=monitor_id, start__gt=start - timedelta(hours=1))
    sums = rows.order_by().aggregate(ms=Sum("sum_ms"), answers=Sum(F("up")))
    mean = sums["ms"] / sums["answers"] if sums["answers"] else None
    named = _("%(name)s response") % {"name": label}
    return Badge(named, wording.milliseconds(mean), GREY if mean is None else COLOURS[Status.MAINTENANCE])
