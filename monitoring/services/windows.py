"""Maintenance windows: when each comes, and which monitors it covers.

A window recurs by the wall clock of its time zone and lasts so many real minutes. `next_start` and `next_end`
are kept for lists and for asking quickly; what runs now is answered right even where they are stale.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, rrule, rruleset, rrulestr
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hazesite.audit.services import changes as audit_changes
from hazesite.audit.services import record
from hazesite.errors import NotAllowed, NotFound, Refused
from monitoring.models import MaintenanceWindow, Monitor, Tag
from monitoring.services.checking import known_zone, needs, text_of, unknown_keys, whole

Occurrence = tuple[datetime, datetime]
FIELDS = (
    "name", "description", "starts_at", "duration_minutes", "recurrence", "time_zone", "everything", "active",
)  # fmt: skip
LINKED = {"monitors": Monitor, "tags": Tag}
MAX_MINUTES = 31 * 24 * 60
SEARCHED = timedelta(days=5 * 366)
CLOCKS_CHANGE = timedelta(hours=3)
"""More than any clock is ever put forward or back by."""
_UNTIL = re.compile(r"UNTIL=(\d{8}T\d{6})Z", re.IGNORECASE)
_FREQUENCY = re.compile(r"\bFREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)\b", re.IGNORECASE)


class NotARecurrence(Refused):
    code = "not_a_recurrence"
    message = _("That is no RRULE which recurs by days, weeks, months or years, and ever comes.")


class WindowCoversNothing(Refused):
    code = "window_covers_nothing"
    message = _("A maintenance window is for everything, or for some monitors or tags.")


# --- when --------------------------------------------------------------------
def occurrences(window: MaintenanceWindow, after: datetime) -> Iterator[Occurrence]:
    """From the first that ends after this moment on, which may run already."""
    duration = timedelta(minutes=window.duration_minutes)
    for start in _starts(window, after - duration):
        if (end := start + duration) > after:
            yield start, end


def _starts(window: MaintenanceWindow, after: datetime) -> Iterator[datetime]:
    if not window.recurrence:
        yield window.starts_at.astimezone(UTC)
        return
    zone = ZoneInfo(window.time_zone)
    first = window.starts_at.astimezone(zone).replace(tzinfo=None)
    # Wall clocks are compared without their offsets: begin early enough to miss none.
    begin = after.astimezone(zone).replace(tzinfo=None) - CLOCKS_CHANGE
    for local in _rule(window.recurrence, first, zone).xafter(begin, inc=True):
        # A time that the clocks jump over is as late after the jump as it was meant to be before.
        yield local.replace(tzinfo=zone).astimezone(UTC)


def _rule(recurrence: str, first: datetime, zone: ZoneInfo) -> rrule:
    def local(found: re.Match[str]) -> str:
        until = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return f"UNTIL={until.astimezone(zone):%Y%m%dT%H%M%S}"

    if "\n" in recurrence or not _FREQUENCY.search(recurrence):
        raise NotARecurrence
    try:
        rule = rrulestr(_UNTIL.sub(local, recurrence), dtstart=first)
    except (ValueError, TypeError, KeyError) as error:
        raise NotARecurrence from error
    if isinstance(rule, rruleset) or rule._freq > DAILY:  # type: ignore[attr-defined]
        raise NotARecurrence
    return rule


def _is_a_date(rule: Any) -> bool:
    """30 February: the library would look for it until the year 9999."""
    months = rule._bymonth or range(1, 13)
    days = [*(rule._bymonthday or ()), *(-day for day in rule._bynmonthday or ())]
    return not days or any(day <= monthrange(2024, month)[1] for month in months for day in days)


def current_or_next(window: MaintenanceWindow, now: datetime) -> Occurrence | None:
    return next(occurrences(window, now), None) if window.active else None


def running_until(window: MaintenanceWindow, now: datetime) -> datetime | None:
    """When what runs now ends. None: it does not run. No query."""
    found: Occurrence | None
    if window.next_start and window.next_end and now < window.next_end:
        found = window.next_start, window.next_end
    else:
        found = current_or_next(window, now)
    return found[1] if found and found[0] <= now else None


def running(now: datetime) -> list[MaintenanceWindow]:
    """One query."""
    rows = MaintenanceWindow.objects.filter(active=True, next_end__isnull=False, next_start__lte=now)
    return [window for window in rows if running_until(window, now)]


def in_maintenance(monitor_ids: Collection[int], now: datetime) -> set[int]:
    """Which of these monitors a window covers now. At most three queries, one where no window runs."""
    windows = running(now)
    if not windows:
        return set()
    if any(window.everything for window in windows):
        return set(monitor_ids)
    keys = [window.pk for window in windows]
    covered = Q(windows__in=keys) | Q(tags__windows__in=keys)
    # By the windows, not by the monitors: an IN of thousands of keys costs more than what they cover.
    found = Monitor.objects.filter(covered).order_by().values_list("pk", flat=True).distinct()
    return set(found) & set(monitor_ids)


def keep_up_to_date(now: datetime | None = None) -> int:
    """Move the times of those that are over to the next; how many that were."""
    now = now or timezone.now()
    over = list(MaintenanceWindow.objects.filter(next_end__lte=now))
    for window in over:
        stored = MaintenanceWindow.objects.filter(pk=window.pk, next_end=window.next_end)
        stored.update(**_times(window, now))
    return len(over)


def _times(window: MaintenanceWindow, now: datetime) -> dict[str, datetime | None]:
    start, end = current_or_next(window, now) or (None, None)
    return {"next_start": start, "next_end": end}


# --- who decides it ----------------------------------------------------------
def windows(actor: User) -> QuerySet[MaintenanceWindow]:
    """For staff and monitoring tokens, with their monitors and tags."""
    if not may_read(actor):
        raise NotAllowed
    return MaintenanceWindow.objects.prefetch_related("monitors", "tags")


def may_read(actor: User) -> bool:
    return actor.is_staff or actor.role == "monitoring"


def read_window(actor: User, window_id: int) -> MaintenanceWindow:
    """Raises `NotFound`."""
    if (window := windows(actor).filter(pk=window_id).first()) is None:
        raise NotFound
    return window


@transaction.atomic
def save_window(actor: User, given: Mapping[str, Any], window_id: int | None = None) -> MaintenanceWindow:
    """A new one, or with an id the changed one. `monitors` are ids, `tags` are names.

    Raises `NotAllowed`, `NotFound`, `Unfit`, `NotARecurrence`, `WindowCoversNothing`.
    """
    if not actor.is_admin:
        raise NotAllowed
    unknown_keys(given, (*FIELDS, *LINKED))
    window = MaintenanceWindow() if window_id is None else _locked(window_id)
    before = _facts(window) if window.pk else None
    for name in FIELDS:
        if name in given:
            setattr(window, name, given[name])
    links = _links(given)
    _check(window, links)
    for name, value in _times(window, timezone.now()).items():
        setattr(window, name, value)
    window.save()
    for name, rows in links.items():
        getattr(window, name).set(rows)
    _record(window, actor, before)
    return window


def _locked(window_id: int) -> MaintenanceWindow:
    window = MaintenanceWindow.objects.select_for_update().filter(pk=window_id).first()
    if window is None:
        raise NotFound
    return window


def _links(given: Mapping[str, Any]) -> dict[str, list[Any]]:
    links: dict[str, list[Any]] = {}
    if "monitors" in given:
        wanted = set(given["monitors"] or ())
        links["monitors"] = list(Monitor.objects.filter(pk__in=wanted))
        needs(len(links["monitors"]) == len(wanted), _("There is no such monitor."), field="monitors")
    if "tags" in given:
        names = set(given["tags"] or ())
        links["tags"] = list(Tag.objects.filter(name__in=names))
        needs(len(links["tags"]) == len(names), _("There is no such tag."), field="tags")
    return links


def _check(window: MaintenanceWindow, links: Mapping[str, list[Any]]) -> None:
    text_of(window, "name", 150)
    text_of(window, "description", 1000, empty=True)
    text_of(window, "recurrence", 300, empty=True)
    known_zone(window.time_zone)
    start: Any = window.starts_at
    aware = isinstance(start, datetime) and timezone.is_aware(start)
    needs(aware, _("It needs a time, with its offset."), field="starts_at")
    whole(window.duration_minutes, 1, MAX_MINUTES, field="duration_minutes")
    if window.recurrence and not _comes(window):
        raise NotARecurrence
    if not window.everything and not any(_covered(window, links, name) for name in LINKED):
        raise WindowCoversNothing


def _comes(window: MaintenanceWindow) -> bool:
    """Whether the rule ever does, within years that somebody plans for."""
    zone = ZoneInfo(window.time_zone)
    first = window.starts_at.astimezone(zone).replace(tzinfo=None)
    rule = _rule(window.recurrence, first, zone)
    found: datetime | None = next(iter(rule), None) if _is_a_date(rule) else None
    return found is not None and found < first + SEARCHED


def _covered(window: MaintenanceWindow, links: Mapping[str, list[Any]], name: str) -> bool:
    if name in links:
        return bool(links[name])
    return bool(window.pk) and getattr(window, name).exists()


@transaction.atomic
def delete_window(actor: User, window_id: int) -> None:
    if not actor.is_admin:
        raise NotAllowed
    window = _locked(window_id)
    facts = _facts(window)
    window.delete()
    record("window.deleted", "window", window_id, actor_id=actor.pk, before=facts)


def _record(window: MaintenanceWindow, actor: User, before: dict[str, Any] | None) -> None:
    after = _facts(window)
    if before is None:
        record("window.added", "window", window.pk, actor_id=actor.pk, after=after)
        return
    was, became = audit_changes(before, after)
    record("window.changed", "window", window.pk, actor_id=actor.pk, before=was, after=became)


def _facts(window: MaintenanceWindow) -> dict[str, Any]:
    """Without its description, which is somebody's words."""
    facts = {name: getattr(window, name) for name in FIELDS if name != "description"}
    facts["starts_at"] = window.starts_at.isoformat()
    facts["monitors"] = list(window.monitors.order_by("pk").values_list("pk", flat=True))
    facts["tags"] = list(window.tags.values_list("name", flat=True))
    return facts
