"""Figures as a file: a line for each day, for each feature and day, for each session or ticket."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

import orjson

from accounts.models import User
from analytics.answers import people, sessions
from analytics.answers.window import Window
from analytics.features import ALL
from analytics.models import TicketFact, UsageSession
from hazesite import ratelimits
from hazesite.errors import NotAllowed
from hazesite.uploads import nameless_file

EXPORTS_PER_USER = "30/h"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
Row = Mapping[str, Any]


def _days(window: Window) -> Iterator[Row]:
    stays = {row["day"]: row for row in sessions.sessions(window)["per_day"]}
    used = {row["day"]: row["uses"] for row in sessions.actions(window)["per_day"]}
    for row in people.users(window)["per_day"]:
        day = row["day"]
        yield {**row, "uses": used[day], **{k: v for k, v in stays[day].items() if k != "day"}}


def _features(window: Window) -> Iterator[Row]:
    columns = ("day", "feature", "platform", "version", "role", "uses", "failures")
    rows = window.uses_told_apart().exclude(feature=ALL).order_by("day", "feature", "pk")
    yield from rows.values(*columns).iterator(2000)


def _sessions(window: Window) -> Iterator[Row]:
    """People are numbers here too."""
    begin, end = window.moments()
    rows = UsageSession.objects.filter(started_at__gte=begin, started_at__lt=end, **window.kind)
    columns = (
        "id", "visitor", "started_at", "last_at", "actions", "platform", "version", "role", "device",
        "country",
    )  # fmt: skip
    yield from rows.order_by("started_at", "pk").values(*columns).iterator(2000)


def _tickets(window: Window) -> Iterator[Row]:
    begin, end = window.moments()
    rows = TicketFact.objects.filter(opened_at__gte=begin, opened_at__lt=end).order_by("opened_at", "pk")
    columns = (
        "ticket__public_id", "opened_at", "type", "priority", "first_answer_seconds", "answered_by__user_id",
        "closed_at", "resolution_seconds", "closed_by__user_id", "reopened", "rating",
    )  # fmt: skip
    yield from rows.values(*columns).iterator(2000)


DATASETS: Mapping[str, Callable[[Window], Iterator[Row]]] = {
    "days": _days,
    "features": _features,
    "sessions": _sessions,
    "tickets": _tickets,
}
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


def export(actor: User, window: Window, dataset: str, kind: str) -> tuple[IO[bytes], int, str, str]:
    """A file at its beginning, for the caller to close, its size, type, and a name for it.

    Memory for one row. Raises `NotAllowed`, `TooMany`.
    """
    if not actor.is_admin:
        raise NotAllowed
    ratelimits.spend("analytics-exports", actor.pk, EXPORTS_PER_USER)
    rows = DATASETS[dataset](window)
    file = nameless_file()
    try:
        for piece in _csv(rows) if kind == "csv" else _json(rows):
            file.write(piece)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size, FORMATS[kind], f"hazebot-{dataset}-{window.first}-{window.last}.{kind}"


def _csv(rows: Iterable[Row]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line)
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(row)
        writer.writerow([harmless(value) for value in row.values()])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def harmless(value: object) -> object:
    """A spreadsheet would run a cell that begins like a formula."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _json(rows: Iterable[Row]) -> Iterator[bytes]:
    yield b"["
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + orjson.dumps(dict(row), default=str, option=orjson.OPT_UTC_Z)
    yield b"\n]\n"
