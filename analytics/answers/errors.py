"""Which bugs happened how often, and whether they become more."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from django.db.models import Sum

from analytics.answers.window import Window
from analytics.models import ErrorDay
from hazesite.error_reports.models import ErrorReport

MOST = 20


def errors(window: Window) -> dict[str, Any]:
    """Of the site as a whole: a report knows no platform. Three queries."""
    now, then = _counts(window), _counts(window.before())
    worst = [fingerprint for fingerprint, _count in now.most_common(MOST)]
    reports = {report.fingerprint: report for report in ErrorReport.objects.filter(fingerprint__in=worst)}
    series = _series(window)
    return {
        "total": sum(now.values()),
        "total_before": sum(then.values()),
        "per_day": [{"day": day, "errors": sum(series[day].values())} for day in window.days()],
        "bugs": [
            {
                "fingerprint": fingerprint,
                "count": now[fingerprint],
                "count_before": then[fingerprint],
                "per_day": [series[day][fingerprint] for day in window.days()],
                **_told(reports.get(fingerprint)),
            }
            for fingerprint in worst
        ],
    }


def _counts(window: Window) -> Counter[str]:
    rows = ErrorDay.objects.filter(day__range=(window.first, window.last)).order_by()
    summed = rows.values_list("fingerprint").annotate(Sum("count"))
    return Counter(dict(summed.order_by("fingerprint")))


def _series(window: Window) -> defaultdict[date, Counter[str]]:
    found: defaultdict[date, Counter[str]] = defaultdict(Counter)
    rows = ErrorDay.objects.filter(day__range=(window.first, window.last))
    for day, fingerprint, count in rows.values_list("day", "fingerprint", "count"):
        found[day][fingerprint] += count
    return found


def _told(report: ErrorReport | None) -> dict[str, Any]:
    """Nothing of one whose report is not kept any more."""
    if report is None:
        return {"exception": None, "place": None, "state": None, "version": None, "last_seen_at": None}
    return {
        "exception": report.exception,
        "place": report.place,
        "state": report.state,
        "version": report.version,
        "last_seen_at": report.last_seen_at,
    }
