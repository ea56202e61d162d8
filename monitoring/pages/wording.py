"""Numbers and times in words of the reader's language."""

from __future__ import annotations

import math
from datetime import timedelta

from django.utils import formats
from django.utils.translation import gettext as _

NOTHING = "–"  # noqa: RUF001 - it stands where a number would


def duration(span: timedelta) -> str:
    """The two largest units: 2h 30m, 45s, 3d 4h."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return _joined(_("%(count)sd") % {"count": days}, hours and _("%(count)sh") % {"count": hours})
    if hours:
        return _joined(_("%(count)sh") % {"count": hours}, minutes and _("%(count)sm") % {"count": minutes})
    if minutes:
        rest = seconds % 60
        return _joined(_("%(count)sm") % {"count": minutes}, rest and _("%(count)ss") % {"count": rest})
    return _("%(count)ss") % {"count": seconds}


def _joined(*parts: str | int) -> str:
    return " ".join(str(part) for part in parts if part)


def percent(share: float | None) -> str:
    """Cut and not rounded: 100 is said only of what was never down."""
    if share is None:
        return NOTHING
    cut = math.floor(share * 100) / 100
    return _("%(number)s%%") % {"number": formats.number_format(cut, 0 if cut == 100 else 2)}


def milliseconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    return _("%(number)s ms") % {"number": formats.number_format(round(value), 0, force_grouping=True)}
