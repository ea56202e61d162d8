"""How the monitors' pages say times, shares and states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from monitoring.models import Status
from monitoring.pages import kinds, wording
from monitoring.pages.published import DAYS
from monitoring.pages.reading import Bar, Filter
from monitoring.pages.uptime import Day

register = template.Library()
register.filter("percent", wording.percent)
register.filter("ms", wording.milliseconds)
register.filter("duration", wording.duration)
register.filter("kind_label", kinds.label)


@register.filter
def since(moment: datetime | None) -> str:
    """How long ago, as a duration."""
    return wording.duration(timezone.now() - moment) if moment else wording.NOTHING


@register.filter
def lasted(incident: Any) -> str:
    return wording.duration(incident.duration())


@register.filter
def status_label(status: str) -> str:
    return str(Status(status).label) if status in Status.values else status


@register.simple_tag
def moment(when: datetime | None, style: str = "SHORT_DATETIME_FORMAT") -> SafeString | str:
    """A time in the reader's zone; scripts put it into that of their browser."""
    if when is None:
        return wording.NOTHING
    said = date_format(timezone.localtime(when), style)
    kind = "date" if "TIME" not in style else "moment"
    return format_html('<time datetime="{}" data-kind="{}">{}</time>', when.isoformat(), kind, said)


@register.simple_tag
def check_bars(bars: Sequence[Bar]) -> SafeString:
    """Oldest at the left, in every language, as in the chart below."""
    drawn = format_html_join("", '<i class="{} h{}"></i>', ((bar.status, bar.level) for bar in bars))
    return format_html(
        '<span class="bars" role="img" aria-label="{}" dir="ltr">{}</span>', _in_words(bars), drawn
    )


def _in_words(bars: Iterable[Bar]) -> str:
    counted = Counter(bar.status for bar in bars)
    if not counted:
        return _("No checks yet")
    parts = ", ".join(f"{status_label(status)}: {count}" for status, count in counted.most_common())
    total = sum(counted.values())
    return ngettext("Last check: %(parts)s", "Last %(total)s checks: %(parts)s", total) % {
        "total": total,
        "parts": parts,
    }


@register.simple_tag
def day_bars(days: Sequence[Day]) -> SafeString:
    dates = _dates(get_language() or "", days[-1].date.date())
    marked = ((day.kind, _title(day, dates[day.date.date()])) for day in days)
    drawn = format_html_join("", '<i class="{}" title="{}"></i>', marked)
    return format_html(
        '<span class="bars days" role="img" aria-label="{}">{}</span>', _days_in_words(days), drawn
    )


@lru_cache(maxsize=8)
def _dates(language: str, today: date) -> dict[date, str]:
    """The same for every line of the page."""
    days = [today - timedelta(days=back) for back in range(DAYS)]
    return {day: date_format(day, "DATE_FORMAT") for day in days}


def _days_in_words(days: Iterable[Day]) -> str:
    down = [day for day in days if day.down]
    if not down:
        return _("No downtime in this time")
    total = wording.duration(sum((day.down for day in down), timedelta()))
    return ngettext(
        "Down on %(count)s day, %(total)s in all", "Down on %(count)s days, %(total)s in all", len(down)
    ) % {"count": len(down), "total": total}


def _title(day: Day, said: str) -> str:
    if day.percent is None:
        return _("%(date)s: no data") % {"date": said}
    facts = {"date": said, "percent": wording.percent(day.percent), "down": wording.duration(day.down)}
    return (_("%(date)s: %(percent)s, down %(down)s") if day.down else _("%(date)s: %(percent)s")) % facts


@register.simple_tag
def narrowed(wanted: Filter, **changes: str) -> str:
    return wanted.link(**changes)
