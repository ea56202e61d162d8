"""A batch of what was seen becomes rows, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import Session
from analytics.collecting import cleaning
from analytics.collecting.seen import Seen, Use
from analytics.collecting.sessions import Stay, continue_sessions
from analytics.collecting.visitors import current_salt, number_of, visitors_of
from analytics.days import day_of
from analytics.models import FeatureUse, OptOut

COLUMNS = ("at", "visitor", "session", "feature", "platform", "version", "role", "uses", "failures")
Row = tuple[Any, ...]
Kind = tuple[int, int, int, str, str, str, str]
MANY_SESSIONS = 20
"""Of one sign-in in one batch; what its client calls by yet other names belongs to the sign-in itself."""


@transaction.atomic
def store(batch: list[Seen]) -> None:
    """Uses of those who opted out are forgotten here. A handful of queries, whatever the batch holds."""
    people = {seen.user_id for seen in batch}
    declined = {int(choice.user_id) for choice in OptOut.objects.filter(user__in=people)}
    wanted = [seen for seen in batch if seen.user_id not in declined]
    if not wanted:
        return
    salt = current_salt()
    uses = _cleaned(wanted, salt)
    visitors = visitors_of(_first_days(uses), salt)
    sessions = continue_sessions(_stays(uses, visitors))
    _insert(_rows(uses, visitors, sessions))


def _cleaned(batch: Iterable[Seen], salt: bytes) -> list[Use]:
    alike: dict[tuple[Any, ...], list[Seen]] = {}
    for seen in batch:
        alike.setdefault((seen.at // 60, seen[1:]), []).append(seen)
    told = _told_elsewhere(same[0] for same in alike.values())
    threads: dict[str, dict[str, int]] = {}
    return [_use(same, told, _thread(same[0], threads, salt)) for same in alike.values()]


def _told_elsewhere(batch: Iterable[Seen]) -> dict[str, tuple[str, str]]:
    """Platform and version of those who came by a socket: what they said when they signed in."""
    keys = {seen.sign_in for seen in batch if not seen.platform}
    rows = Session.objects.filter(key__in=keys).values_list("key", "platform", "app_version") if keys else ()
    return {key: (platform, version) for key, platform, version in rows}


def _thread(seen: Seen, threads: dict[str, dict[str, int]], salt: bytes) -> int:
    """The name of a client counts within its own sign-in alone: nobody can join somebody else's session."""
    known = threads.setdefault(seen.sign_in, {})
    name = cleaning.client_session(seen.client_session)
    if name not in known and len(known) >= MANY_SESSIONS:
        name = ""
    if name not in known:
        known[name] = number_of("thread", f"{seen.sign_in}:{name}", salt)
    return known[name]


def _use(same: list[Seen], told: dict[str, tuple[str, str]], thread: int) -> Use:
    seen, times = same[0], [seen.at for seen in same]
    platform, version = seen.platform, seen.version
    if not platform:
        of_cookie = ("Web", "") if seen.sign_in.startswith("cookie:") else ("", "")
        platform, version = told.get(seen.sign_in, of_cookie)
    return Use(
        at=datetime.fromtimestamp(min(times), UTC),
        last_at=datetime.fromtimestamp(max(times), UTC),
        times=len(times),
        user=seen.user_id,
        role=seen.role,
        thread=thread,
        feature=seen.feature,
        failed=seen.failed,
        platform=cleaning.platform(platform),
        version=cleaning.version(version),
        device=cleaning.device(seen.device),
        address=seen.address,
    )


def _first_days(uses: Iterable[Use]) -> dict[int, date]:
    first: dict[int, datetime] = {}
    for use in uses:
        first[use.user] = min(use.at, first.get(use.user, use.at))
    return {user: day_of(at) for user, at in first.items()}


def _stays(uses: Iterable[Use], visitors: dict[int, int]) -> list[Stay]:
    stays: dict[int, Stay] = {}
    for use in uses:
        stay = stays.get(use.thread)
        if stay is None:
            stay = stays[use.thread] = Stay(
                use.thread, visitors[use.user], use.user, use.at, use.last_at, use.role, use.address
            )
        stay.add(use)
    return list(stays.values())


def _rows(uses: Iterable[Use], visitors: dict[int, int], sessions: dict[int, int]) -> list[Row]:
    """One for each session, feature and minute: its columns, as `COLUMNS` names them."""
    first: dict[Kind, datetime] = {}
    count, failed = Counter[Kind](), Counter[Kind]()
    for use in uses:
        minute = int(use.at.timestamp()) // 60
        kind = (minute, use.user, use.thread, use.feature, use.platform, use.version, use.role)
        first.setdefault(kind, use.at)
        count[kind] += use.times
        failed[kind] += use.times * use.failed
    return [
        (at, visitors[kind[1]], sessions[kind[2]], *kind[3:], count[kind], failed[kind])
        for kind, at in first.items()
    ]


def _insert(rows: list[Row]) -> None:
    """Not through the ORM, which takes ten times as long for a row as all else together."""
    table, columns = FeatureUse._meta.db_table, ", ".join(COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(COLUMNS))
        adapted = ((connection.ops.adapt_datetimefield_value(row[0]), *row[1:]) for row in rows)
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(adapted))  # noqa: S608
