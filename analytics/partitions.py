"""On PostgreSQL single uses lie in a partition for each day (of UTC), so that old ones go at once.

Days are made ahead. What comes for a day that nobody made lies in a partition of its own, from which it is
moved when the day is made: writing never waits for somebody to look after it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

TABLE = "analytics_featureuse"
AHEAD = 7
_DAY = re.compile(rf"{TABLE}_(\d{{8}})")


def is_partitioned() -> bool:
    return connection.vendor == "postgresql"


def days() -> list[date]:
    """Which days have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        names = [_DAY.fullmatch(name) for (name,) in cursor.fetchall()]
    return sorted(_parsed(found[1]) for found in names if found)


def ensure(first: date | None = None, last: date | None = None) -> int:
    """Make what is missing of these days; without them, of today and the week ahead. How many were made."""
    if not is_partitioned():
        return 0
    today = timezone.now().astimezone(UTC).date()
    first, last = first or today, last or today + timedelta(days=AHEAD)
    there = set(days())
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    missing = [day for day in wanted if day not in there]
    for day in missing:
        _make(day)
    return len(missing)


@transaction.atomic
def _make(day: date) -> None:
    """What lies among the strays is moved in before the day is attached."""
    name, begin, end = _name(day), *_bounds(day)
    with connection.cursor() as cursor:
        # Whoever else makes it waits here, and then finds it there.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TABLE])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        cursor.execute(
            f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)"
        )
        cursor.execute(
            f"WITH moved AS (DELETE FROM {TABLE}_strays WHERE at >= %s AND at < %s RETURNING *) "  # noqa: S608
            f"INSERT INTO {name} SELECT * FROM moved",
            [begin, end],
        )
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", [begin, end]
        )


def drop_before(day: date) -> int:
    """Days that are over by then; how many."""
    old = [found for found in days() if found < day]
    for found in old:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {_name(found)}")
    return len(old)


def _name(day: date) -> str:
    return f"{TABLE}_{day:%Y%m%d}"


def _parsed(digits: str) -> date:
    return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")


def _bounds(day: date) -> tuple[datetime, datetime]:
    begin = datetime.combine(day, time(), UTC)
    return begin, begin + timedelta(days=1)
