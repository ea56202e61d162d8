"""Which days are asked about, and whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from analytics import days
from analytics.errors import BadRange
from analytics.models import SessionDay, UsageDay

DEFAULT_DAYS, MAX_DAYS = 30, 800
EARLIEST = date(2015, 1, 1)
"""Before there was such an app."""


@dataclass(frozen=True)
class Window:
    """From `first` to `last`, both included; without a platform, version or role: all of them."""

    first: date
    last: date
    platform: str | None = None
    version: str | None = None
    role: str | None = None

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def kind(self) -> dict[str, str]:
        asked = {"platform": self.platform, "version": self.version, "role": self.role}
        return {name: value for name, value in asked.items() if value is not None}

    def days(self) -> Iterator[date]:
        return days.days(self.first, self.last)

    def moments(self) -> tuple[datetime, datetime]:
        return days.begin_of(self.first), days.bounds(self.last)[1]

    def starting(self, earlier: int) -> Window:
        """So many days earlier, to the same end."""
        return replace(self, first=self.first - timedelta(days=earlier))

    def before(self) -> Window:
        """As long, and just before."""
        return replace(
            self, first=self.first - timedelta(days=self.length), last=self.first - timedelta(days=1)
        )

    def uses(self) -> Any:
        """The rows to add up. Where nothing is told apart there is one for each day and feature."""
        rows = UsageDay.objects.filter(day__range=(self.first, self.last))
        return rows.filter(**self.kind).exclude(platform="") if self.kind else rows.filter(platform="")

    def uses_told_apart(self) -> Any:
        rows = UsageDay.objects.filter(day__range=(self.first, self.last), **self.kind)
        return rows.exclude(platform="")

    def sessions(self) -> Any:
        return SessionDay.objects.filter(day__range=(self.first, self.last), **self.kind)


def window(
    *, first: date | None = None, last: date | None = None, length: int | None = None, **kind: str | None
) -> Window:
    """Of a `length`, to today (30 days where nothing is said), or from `first` to `last`.

    Raises `BadRange`.
    """
    today = days.today()
    if length is not None and (first or last):
        raise BadRange(fields={"days": [_("Either so many days, or from and to.")]})
    last = last or today
    _refuse_end(last, today)
    first = first or last - timedelta(days=(length or DEFAULT_DAYS) - 1)
    _refuse_beginning(first, last)
    return Window(first, last, **{name: value for name, value in kind.items() if value})


def _refuse_end(last: date, today: date) -> None:
    if last > today:
        raise BadRange(fields={"to": [_("That day has not begun.")]})
    if last < EARLIEST:
        raise BadRange(fields={"to": [_("There was nothing yet.")]})


def _refuse_beginning(first: date, last: date) -> None:
    if first > last:
        raise BadRange(fields={"from": [_("It is after the end.")]})
    if (last - first).days >= MAX_DAYS:
        raise BadRange(fields={"from": [_("At most %(days)d days at once.") % {"days": MAX_DAYS}]})


def last_days(count: int) -> Window:
    return window(length=count)
