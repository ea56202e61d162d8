"""The last checks of many monitors."""

# ruff: noqa: S608 - all of it is written here.
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from monitoring.models import Check

AT_ONCE = 400
"""So many parts a statement may have on SQLite."""
COLUMNS = ("monitor_id", "at", "status", "is_up", "response_ms", "status_code")


def recent(monitor_ids: Sequence[int], count: int) -> dict[int, list[Check]]:
    """The newest `count` checks of each, oldest first, without their answers. One query for 400 monitors.

    Each part reads so many rows of the index and no more, however long the history is.
    """
    found: dict[int, list[Check]] = {}
    columns = ", ".join(COLUMNS)
    table = connection.ops.quote_name(Check._meta.db_table)
    part = f"SELECT * FROM (SELECT {columns} FROM {table} WHERE monitor_id = %s ORDER BY at DESC LIMIT %s) x"
    for start in range(0, len(monitor_ids), AT_ONCE):
        keys = monitor_ids[start : start + AT_ONCE]
        parameters = [one for key in keys for one in (key, count)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join([part] * len(keys)), parameters)
            for check in map(_check, cursor.fetchall()):
                found.setdefault(check.monitor_id, []).append(check)
    return {key: sorted(checks, key=lambda one: one.at) for key, checks in found.items()}


def _check(row: Sequence[Any]) -> Check:
    check = Check(**dict(zip(COLUMNS, row, strict=True)))
    if isinstance(check.at, str):  # SQLite has no times
        check.at = datetime.fromisoformat(f"{check.at}+00:00")
    check.is_up = None if check.is_up is None else bool(check.is_up)
    return check
