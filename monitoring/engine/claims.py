"""Which engine checks what. One thread of an engine calls these, never its event loop.

A claim moves `next_check_at` forward by a lease, which is renewed while the monitor is in hand: no other
engine sees it as due meanwhile, and all do soon after this one died.
"""

# ruff: noqa: S608 - all of it is written here.
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson
from django.db import connection, transaction

from monitoring.engine.sql import many, moments, rows_of, table_of
from monitoring.models import Monitor, MonitorState, Severity
from monitoring.models.monitors import RETRIES
from monitoring.services.states import Rules, Standing
from monitoring.types import Watched

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 5.0
OF_WATCHED = (
    "type", "interval", "timeout", "created_at", "url", "host", "port", "method", "headers", "body",
    "expected_status", "expected_text", "options", "uses_monitoring_token",
)  # fmt: skip
AS_THEY_ARE = tuple(name for name in OF_WATCHED if name not in ("headers", "options"))
KEPT = 16_384
"""Headers and options that are not opened again: of so many monitors."""
OF_RULES = (
    "retry_interval", "retries", "severity", "response_time_warning_ms", "response_time_critical_ms",
)  # fmt: skip
OF_STATE = (
    "status", "since", "failures", "first_failure_at", "slowness", "checked_at", "pushed_at",
    "pushed_message", "pushed_ms", "fence", "slot_at",
)  # fmt: skip


OF_PUSH = ("pushed_at", "pushed_message", "pushed_ms")


@dataclass(frozen=True, slots=True)
class Claim:
    """A monitor that this engine is to check at `slot`. The result counts under this `fence` alone."""

    watched: Watched
    rules: Rules
    standing: Standing
    severity: str
    fence: int
    slot: datetime

    @property
    def monitor_id(self) -> int:
        return self.watched.monitor_id


def claim(engine: str, now: datetime, ahead: timedelta, most: int) -> list[Claim]:
    """Take what is due until `now + ahead`, the longest due first."""
    horizon = now + ahead
    # Looking costs no write lock; most of the time there is nothing.
    if most <= 0 or not MonitorState.objects.filter(next_check_at__lte=horizon).exists():
        return []
    with transaction.atomic():
        taken = _take(engine, horizon, now + ahead + LEASE, most)
        return _read(taken)


def _take(engine: str, horizon: datetime, lease_until: datetime, most: int) -> list[int]:
    # On SQLite there is one writer at a time, and what it did not commit nobody else sees.
    skip = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    table, stored = table_of(MonitorState), moments()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET engine = %s, fence = fence + 1, slot_at = next_check_at, next_check_at = %s"
            f" WHERE monitor_id IN (SELECT monitor_id FROM {table} WHERE next_check_at <= %s"
            f" ORDER BY next_check_at LIMIT %s {skip}) RETURNING monitor_id",
            [engine, stored(lease_until), stored(horizon), most],
        )
        return [key for (key,) in cursor.fetchall()]


def _read(keys: Collection[int]) -> list[Claim]:
    columns = ("pk", *OF_WATCHED, *OF_RULES, *(f"state__{name}" for name in OF_STATE))
    rows = rows_of(Monitor.objects.filter(pk__in=keys).order_by().values_list(*columns))
    return [_claim_of(dict(zip(columns, row, strict=True))) for row in rows]


@lru_cache(maxsize=KEPT)
def _headers(sealed: str) -> Mapping[str, str]:
    opened: dict[str, str] = Monitor._meta.get_field("headers").from_db_value(sealed)
    return MappingProxyType(opened)


@lru_cache(maxsize=KEPT)
def _options(text: str) -> Mapping[str, Any]:
    return MappingProxyType(orjson.loads(text))


def _claim_of(row: dict[str, Any]) -> Claim:
    state = {name: row[f"state__{name}"] for name in OF_STATE}
    rules = Rules(
        row["pk"],
        row["interval"],
        row["retry_interval"],
        row["retries"] or RETRIES[Severity(row["severity"])],
        row["response_time_warning_ms"],
        row["response_time_critical_ms"],
    )
    watched = Watched(
        monitor_id=row["pk"],
        **{name: state[name] for name in OF_PUSH},
        checked_at=state["checked_at"],
        headers=_headers(row["headers"]),
        options=_options(row["options"]),
        **{name: row[name] for name in AS_THEY_ARE},
    )
    return Claim(watched, rules, standing_of(state), row["severity"], state["fence"], state["slot_at"])


def standing_of(state: dict[str, Any]) -> Standing:
    names = ("status", "since", "failures", "first_failure_at", "slowness", "checked_at")
    return Standing(**{name: state[name] for name in names})


def renew(engine: str, held: Iterable[Claim], now: datetime) -> int:
    """Keep what is in hand. How many of them this engine still has; what is to be checked anew is let go."""
    keys = [claim.monitor_id for claim in held]
    mine = MonitorState.objects.filter(pk__in=keys, engine=engine, next_check_at__gt=now)
    return mine.update(next_check_at=now + LEASE)


def give_back(engine: str, held: Iterable[Claim]) -> None:
    """What was taken and not checked is due again, for whoever looks first."""
    stored = moments()
    with transaction.atomic():
        many(
            f"UPDATE {table_of(MonitorState)} SET next_check_at = %s, engine = ''"
            " WHERE monitor_id = %s AND engine = %s AND fence = %s",
            [(stored(one.slot), one.monitor_id, engine, one.fence) for one in held],
        )


def bring_back(now: datetime) -> int:
    """Monitors whose next check is farther away than any should be, because a clock was put back.

    How many those were.
    """
    rows = MonitorState.objects.filter(next_check_at__gt=now + LEASE + timedelta(seconds=5))
    found = rows.values_list("pk", "next_check_at", "monitor__interval", "monitor__retry_interval")
    lost = [
        key
        for key, due, interval, retry in found
        if due is not None and due > now + timedelta(seconds=max(interval, retry)) + LEASE * 2
    ]
    for start in range(0, len(lost), 1000):
        MonitorState.objects.filter(pk__in=lost[start : start + 1000]).update(next_check_at=now)
    return len(lost)
