"""Time as a desk counts it: only the hours it is staffed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FARTHEST = timedelta(days=5 * 366)
ALL_DAY = ("00:00-24:00",)


@dataclass(frozen=True)
class Calendar:
    """Wall-clock hours by weekday in one zone, so that daylight saving is right; without hours: always."""

    zone: ZoneInfo
    hours: tuple[tuple[str, ...], ...]
    """Stretches such as `09:00-17:30`, for Monday to Sunday."""
    holidays: frozenset[str]
    """Dates such as `2026-12-25`."""

    @classmethod
    def of(cls, configured: Mapping[str, Any]) -> Calendar:
        """From `business_hours` of the section `tickets`."""
        hours = tuple(tuple(configured[day]) for day in DAYS)
        if not any(hours):
            hours = (ALL_DAY,) * 7
        return cls(ZoneInfo(configured["time_zone"]), hours, frozenset(configured["holidays"]))

    def add(self, start: datetime, seconds: int) -> datetime:
        """When so much business time after `start` has passed; at most five years on."""
        left = timedelta(seconds=seconds)
        for begin, end in self._stretches(start, start + FARTHEST):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return start + FARTHEST

    def between(self, start: datetime, end: datetime) -> int:
        """Seconds of business time from `start` to `end`; 0 when it is the other way round."""
        spent = (stop - begin for begin, stop in self._stretches(start, end))
        return int(sum(spent, timedelta()).total_seconds())

    def _stretches(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            for begin, stop in self._of(day):
                if max(begin, start) < min(stop, end):
                    yield max(begin, start), min(stop, end)
            day += timedelta(days=1)

    def _of(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        if day.isoformat() in self.holidays:
            return
        for stretch in self.hours[day.weekday()]:
            begin, _dash, end = stretch.partition("-")
            yield self._moment(day, begin), self._moment(day, end)

    def _moment(self, day: date, clock: str) -> datetime:
        if clock == "24:00":
            day, clock = day + timedelta(days=1), "00:00"
        return datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)
