"""The host: room on its disk, and its clock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import redis
from django.conf import settings
from django.db import connection

from hazesite import outbound
from hazesite.errors import Refused
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well

FULL, NEARLY_FULL = 95, 90
OFF_SECONDS, FAR_OFF_SECONDS = 2.0, 30.0


@examination("disk")
def disk() -> Iterator[Finding]:
    usage = psutil.disk_usage(str(settings.DATA_DIR))
    message = f"{usage.percent:.0f} % used, {usage.free / 2**30:.1f} GiB free for {settings.DATA_DIR}"
    advice = "Make room: old backups and logs first, then a larger disk."
    if usage.percent >= FULL:
        yield ill("disk", message, advice)
    elif usage.percent >= NEARLY_FULL:
        yield doubtful("disk", message, advice)
    else:
        yield well("disk", message)


@examination("logs")
def logs() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR) / "logs"
    if os.access(folder, os.W_OK):
        yield well("logs", f"{folder}, and standard error")
    else:
        yield ill("logs", f"{folder} is not writable", "The user of the server must be able to write there.")


@examination("clock")
def clock() -> Iterator[Finding]:
    """Tokens and leases mean our clock; so it is compared with every other one that is asked anyway."""
    others = dict(_other_clocks())
    if not others:
        yield well("clock", "no other clock to compare with (no PostgreSQL, Redis or Discord is set)")
        return
    name, off = max(others.items(), key=lambda other: abs(other[1]))
    message = f"{abs(off):.1f} s {'behind' if off > 0 else 'ahead of'} the one of {name}"
    advice = "Keep the clocks of all hosts right: systemd-timesyncd or chrony."
    if abs(off) >= FAR_OFF_SECONDS:
        yield ill("clock", message, advice)
    elif abs(off) >= OFF_SECONDS:
        yield doubtful("clock", message, advice)
    else:
        yield well("clock", f"agrees with {', '.join(others)}")


def _other_clocks() -> Iterator[tuple[str, float]]:
    """Seconds that each is ahead of ours. Who does not answer is the business of another examination."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            yield "the database", float(cursor.fetchone()[0]) - time.time()
    if settings.REDIS_URL:
        try:
            with redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
            ) as client:
                seconds, micros = client.time()
                yield "Redis", seconds + micros / 1e6 - time.time()
        except redis.RedisError:
            pass
    if settings.DISCORD_TOKEN and (off := _by_date_header(settings.DISCORD_API_URL)) is not None:
        yield "Discord", off


def _by_date_header(url: str) -> float | None:
    """To the second. The address is the operator's own."""
    try:
        answer = outbound.fetch("GET", f"{url}/gateway", deadline=3, trusted=[urlsplit(url).hostname or ""])
        told = parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5
    except (httpx.HTTPError, Refused, KeyError, ValueError):
        return None
    off = told - time.time()
    return 0.0 if abs(off) < 1.5 else off
