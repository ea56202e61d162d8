"""The pages of staff that only show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from hazesite.api import Keyset
from hazesite.errors import Invalid
from monitoring.models import Incident, Monitor, Severity, Status
from monitoring.pages import kinds, reading
from monitoring.pages.access import StaffRequest, staff_page
from monitoring.pages.series import RANGES, series
from monitoring.pages.uptime import Uptimes, uptimes_of
from monitoring.rendering import push_url

LAST = 20
UPTIME_DAYS = (1, 7, 30, 90)


@staff_page
def dashboard(request: StaffRequest) -> HttpResponseBase:
    wanted = reading.Filter.of(request.GET)
    cursor = request.GET.get("after", "")
    rows, following = reading.page_of(wanted, cursor)
    counts = reading.counts_by_status()
    context = {
        "wanted": wanted,
        "rows": rows,
        "following": following,
        "cursor": cursor,
        "counts": [(Status(status), count) for status, count in counts.items()],
        "total": sum(counts.values()),
        "attention": reading.needing_attention(),
        "tags": reading.tag_names(),
        "kinds": kinds.labels(),
        "severities": Severity.choices,
    }
    return TemplateResponse(request, "monitoring/dashboard.html", context)


@staff_page
def monitor_page(request: StaffRequest, monitor_id: int) -> HttpResponseBase:
    monitor = found(monitor_id)
    uptimes = uptimes_of([monitor.pk], UPTIME_DAYS).get(monitor.pk, Uptimes())
    context = {
        "monitor": monitor,
        "state": monitor.state,
        "uptimes": [(days, uptimes.by_days.get(days)) for days in UPTIME_DAYS],
        "checks": reading.newest_checks(monitor, LAST),
        "incidents": reading.incidents().filter(monitor=monitor)[:LAST],
        "ranges": list(RANGES),
        "kind": kinds.label(monitor.type),
        "interval": timedelta(seconds=monitor.interval),
        "push_url": push_url(monitor) if request.user.is_admin else None,
    }
    return TemplateResponse(request, "monitoring/monitor.html", context)


def found(monitor_id: int) -> Monitor:
    monitor: Monitor = get_object_or_404(
        reading.monitors().select_related("parent").prefetch_related("tags"), pk=monitor_id
    )
    return monitor


@staff_page
def monitor_series(request: StaffRequest, monitor_id: int) -> HttpResponseBase:
    name = request.GET.get("range", "24h")
    if name not in RANGES:
        raise Http404
    monitor = get_object_or_404(Monitor.objects.only("pk"), pk=monitor_id)
    return JsonResponse(series(monitor, name))


@staff_page
def incident_list(request: StaffRequest) -> HttpResponseBase:
    monitor = _asked_monitor(request)
    wanted: dict[str, Any] = {"monitor": monitor} if monitor else {}
    cursor = request.GET.get("after", "")
    resolved, following = _page(wanted, cursor)
    context = {
        "here": "incidents",
        "monitor": monitor,
        "open": [] if cursor else reading.open_incidents(**wanted),
        "resolved": resolved,
        "following": following,
        "cursor": cursor,
    }
    return TemplateResponse(request, "monitoring/incidents.html", context)


def _asked_monitor(request: HttpRequest) -> Monitor | None:
    asked = request.GET.get("monitor", "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
        raise Http404
    monitor: Monitor = get_object_or_404(Monitor.objects.only("name"), pk=int(asked))
    return monitor


def _page(wanted: dict[str, Any], cursor: str) -> tuple[list[Incident], str | None]:
    keyset = Keyset(reading.incidents().filter(resolved_at__isnull=False, **wanted), "started_at")
    try:
        return keyset.page(settings.ITEMS_PER_PAGE, cursor)
    except Invalid:
        raise Http404 from None
