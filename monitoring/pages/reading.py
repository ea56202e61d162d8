"""What the pages of staff show, read with a number of queries that depends on nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.db.models import Count, Prefetch, Q, QuerySet

from monitoring.models import Check, Incident, IncidentNote, Monitor, MonitorState, Severity, Status, Tag
from monitoring.pages.uptime import Uptimes, uptimes_of
from monitoring.services import history

BARS = 30
"""How many of the last checks stand in a row of the list."""
SECRETS = ("headers", "body")
"""They are deciphered when they are read, and no page shows them."""
ATTENTION = (Status.DOWN, Status.PENDING)
MOST_ATTENTION = 12


@dataclass(frozen=True)
class Filter:
    """What of the list is wanted. Unknown values are as good as none."""

    q: str = ""
    status: str = ""
    type: str = ""
    tag: str = ""
    severity: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        given = {
            name: query.get(name, "").replace("\0", "").strip()[:150] for name in cls.__dataclass_fields__
        }
        if given["status"] not in Status.values:
            given["status"] = ""
        if given["severity"] not in Severity.values:
            given["severity"] = ""
        return cls(**given)

    def apply(self, rows: QuerySet[Monitor]) -> QuerySet[Monitor]:
        if self.status:
            rows = rows.filter(state__status=self.status)
        if self.type:
            rows = rows.filter(type=self.type)
        if self.severity:
            rows = rows.filter(severity=self.severity)
        if self.tag:
            rows = rows.filter(tags__name=self.tag)
        if self.q:
            rows = rows.filter(
                Q(name__icontains=self.q) | Q(url__icontains=self.q) | Q(host__icontains=self.q)
            )
        return rows

    @property
    def is_set(self) -> bool:
        return any(vars(self).values())

    def link(self, **changes: str) -> str:
        """The query string of this filter with something else in it."""
        return urlencode({name: value for name, value in (vars(self) | changes).items() if value})


@dataclass(frozen=True)
class Bar:
    status: str
    at: datetime
    response_ms: float | None
    level: int = 10
    """Its height in tenths, relative to the slowest of its row."""


@dataclass
class Row:
    monitor: Monitor
    state: MonitorState
    bars: list[Bar] = field(default_factory=list)
    uptimes: Uptimes = field(default_factory=Uptimes)


def monitors() -> QuerySet[Monitor]:
    """Those without a state are not there yet."""
    return Monitor.objects.filter(state__isnull=False).defer(*SECRETS).select_related("state")


def page_of(wanted: Filter, cursor: str) -> tuple[list[Row], str]:
    """A page by name, and the cursor of the next one ("" at the end). A broken cursor starts anew."""
    rows = wanted.apply(monitors()).order_by("name", "pk").prefetch_related("tags")
    if place := _place(cursor):
        name, key = place
        rows = rows.filter(Q(name__gte=name), Q(name__gt=name) | Q(name=name, pk__gt=key))
    size = settings.ITEMS_PER_PAGE
    found = list(rows[: size + 1])
    following = _cursor(found[size - 1]) if len(found) > size else ""
    return with_history(found[:size]), following


def _cursor(monitor: Monitor) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([monitor.name, monitor.pk])).decode().rstrip("=")


def _place(cursor: str) -> tuple[str, int] | None:
    try:
        name, key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return (str(name), int(key)) if "\0" not in str(name) and 0 <= int(key) < 2**63 else None
    except (binascii.Error, ValueError, TypeError):
        return None


def with_history(found: Sequence[Monitor]) -> list[Row]:
    """The same monitors with their last checks and their uptime: two queries."""
    bars, uptimes = last_checks(found), uptimes_of([monitor.pk for monitor in found], (1, 30))
    return [
        Row(monitor, monitor.state, bars.get(monitor.pk, []), uptimes.get(monitor.pk, Uptimes()))
        for monitor in found
    ]


def last_checks(found: Iterable[Monitor]) -> dict[int, list[Bar]]:
    """The newest checks of each, oldest first. One query for a page."""
    newest = history.recent([monitor.pk for monitor in found], BARS)
    return {
        key: _levelled([Bar(check.status, check.at, check.response_ms) for check in checks])
        for key, checks in newest.items()
    }


def _levelled(bars: list[Bar]) -> list[Bar]:
    slowest = max((bar.response_ms or 0 for bar in bars), default=0)
    if not slowest:
        return bars
    return [
        bar
        if bar.response_ms is None or bar.status == Status.DOWN
        else Bar(bar.status, bar.at, bar.response_ms, max(2, round(10 * bar.response_ms / slowest)))
        for bar in bars
    ]


def counts_by_status() -> dict[str, int]:
    counted = MonitorState.objects.order_by().values_list("status").annotate(count=Count("pk"))
    found: dict[str, int] = dict(counted)
    return {status: found.get(status, 0) for status in Status.values}


def needing_attention() -> list[Monitor]:
    """What is down, or about to be, the latest first."""
    return list(monitors().filter(state__status__in=ATTENTION).order_by("-state__since")[:MOST_ATTENTION])


def tag_names() -> list[str]:
    return list(Tag.objects.filter(monitors__isnull=False).distinct().values_list("name", flat=True))


def incidents() -> QuerySet[Incident]:
    monitor = Prefetch("monitor", Monitor.objects.only("name"))
    notes = Prefetch("notes", IncidentNote.objects.select_related("author"))
    return Incident.objects.select_related("acknowledged_by", "silenced_by").prefetch_related(monitor, notes)


def open_incidents(**wanted: Any) -> list[Incident]:
    return list(incidents().filter(resolved_at=None, **wanted)[: settings.ITEMS_PER_PAGE * 5])


def newest_checks(monitor: Monitor, count: int) -> list[Check]:
    checks = Check.objects.filter(monitor_id=monitor.pk).order_by("-at")
    # Of a push monitor it is what somebody said; of others it may be the beginning of a whole page.
    return list((checks if monitor.type == "push" else checks.defer("answer"))[:count])
