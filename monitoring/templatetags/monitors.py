"""How the monitors' pages say times, shares and states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models import Status
from monitoring.pages import kinds, wording
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


@register.filter
def bars_summary(bars: Iterable[Bar]) -> str:
    """What the bars show, in words."""
    counted = Counter(bar.status for bar in bars)
    if not counted:
        return _("No checks yet")
    parts = ", ".join(f"{status_label(status)}: {count}" for status, count in counted.most_common())
    total = sum(counted.values())
    return ngettext("Last check: %(parts)s", "Last %(total)s checks: %(parts)s", total) % {
        "total": total,
        "parts": parts,
    }


@register.filter
def days_summary(days: Iterable[Day]) -> str:
    down = [day for day in days if day.down]
    if not down:
        return _("No downtime in this time")
    total = wording.duration(sum((day.down for day in down), timedelta()))
    return ngettext(
        "Down on %(count)s day, %(total)s in all", "Down on %(count)s days, %(total)s in all", len(down)
    ) % {"count": len(down), "total": total}


@register.filter
def day_title(day: Day) -> str:
    date = date_format(day.date, "DATE_FORMAT")
    if day.percent is None:
        return _("%(date)s: no data") % {"date": date}
    said = {"date": date, "percent": wording.percent(day.percent), "down": wording.duration(day.down)}
    return (_("%(date)s: %(percent)s, down %(down)s") if day.down else _("%(date)s: %(percent)s")) % said


@register.simple_tag
def narrowed(wanted: Filter, **changes: str) -> str:
    return wanted.link(**changes)
