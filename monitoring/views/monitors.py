from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.http import MemberRequest
from accounts.permissions import Admin, Watcher
from accounts.viewsets import allow
from botconfig.errors import StaleVersion
from hazesite.api import parsed
from hazesite.errors import Unfit
from monitoring import inputs
from monitoring import serializers as s
from monitoring.errors import MonitorPaused, TargetRefused
from monitoring.models import Check, Monitor
from monitoring.monitor_settings import MonitorChangeIn, MonitorIn
from monitoring.paging import page_by_name, page_by_time
from monitoring.rendering import check_json, monitor_json
from monitoring.services import monitors, overview, stats
from monitoring.views import examples
from monitoring.views.envelope import EnvelopeViews, key_of, many, nothing, one, refusals, success

MONITOR = OpenApiParameter("monitor_id", int, OpenApiParameter.PATH)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The `ETag` of what you read; a stale one answers 412.",
)


class OverviewViews(EnvelopeViews):
    request: MemberRequest

    @allow(Watcher)
    @extend_schema(responses={200: one(s.OverviewOut), **refusals(401, 403)}, examples=[examples.OVERVIEW])
    def read(self, request: MemberRequest) -> Response:
        """How everything stands."""
        return success(overview.overview(request.user, timezone.now()))


class MonitorViews(EnvelopeViews):
    """Uptime monitors: staff and monitoring tokens read, admins decide."""

    request: MemberRequest

    @allow(Watcher)
    @extend_schema(
        parameters=[inputs.MonitorsQuery],
        responses={200: many(s.MonitorOut), **refusals(400, 401, 403)},
        examples=[examples.MONITORS],
    )
    def list(self, request: MemberRequest) -> Response:
        """All monitors by name, each with how it stands."""
        query = parsed(inputs.MonitorsQuery, request.query_params.dict())
        rows = _filtered(monitors.monitors(request.user), query)
        page, cursor = page_by_name(rows, query["limit"], query["cursor"])
        admin = request.user.is_admin
        return success([monitor_json(row, admin=admin) for row in page], next_cursor=cursor)

    @allow(Admin)
    @extend_schema(
        request=MonitorIn,
        responses={201: one(s.MonitorOut), **refusals(400, 401, 403, TargetRefused, Unfit)},
        examples=[examples.NEW_MONITOR, examples.NEW_PUSH, examples.MONITOR],
    )
    def add(self, request: MemberRequest) -> Response:
        """A new one. Its first check is within one interval."""
        monitor = monitors.create_monitor(request.user, request.data)
        return _answer(request, monitor, message="Monitor created", status=201)

    @allow(Watcher)
    @extend_schema(
        parameters=[MONITOR],
        responses={200: one(s.MonitorOut), **refusals(401, 403, 404)},
        examples=[examples.MONITOR],
    )
    def read(self, request: MemberRequest, monitor_id: str) -> Response:
        """One of them, with its `ETag`."""
        return _answer(request, monitors.read_monitor(request.user, key_of(monitor_id)))

    @allow(Admin)
    @extend_schema(
        parameters=[MONITOR, IF_MATCH],
        request=MonitorChangeIn,
        responses={
            200: one(s.MonitorOut),
            **refusals(400, 401, 403, 404, StaleVersion, TargetRefused, Unfit),
        },
        examples=[examples.CHANGE, examples.MONITOR],
    )
    def change(self, request: MemberRequest, monitor_id: str) -> Response:
        """Change some settings; absent ones stay. Another target is checked at once, and begins anew."""
        key, version = key_of(monitor_id), _version(request.headers.get("If-Match"))
        monitor = monitors.update_monitor(request.user, key, request.data, version)
        return _answer(request, monitor, message="Monitor changed")

    @allow(Admin)
    @extend_schema(parameters=[MONITOR], request=None, responses={200: nothing(), **refusals(401, 403, 404)})
    def remove(self, request: MemberRequest, monitor_id: str) -> Response:
        """It and its history, for good."""
        monitors.delete_monitor(request.user, key_of(monitor_id))
        return success(None, message="Monitor deleted")

    @allow(Admin)
    @extend_schema(
        parameters=[MONITOR], request=None, responses={200: one(s.MonitorOut), **refusals(401, 403, 404)}
    )
    def pause(self, request: MemberRequest, monitor_id: str) -> Response:
        """No checks until it is resumed. An open incident ends, and no recovery is told."""
        monitor = monitors.pause_monitor(request.user, key_of(monitor_id))
        return _answer(request, monitor, message="Monitor paused")

    @allow(Admin)
    @extend_schema(
        parameters=[MONITOR], request=None, responses={200: one(s.MonitorOut), **refusals(401, 403, 404)}
    )
    def resume(self, request: MemberRequest, monitor_id: str) -> Response:
        """Check it again, within one interval."""
        monitor = monitors.resume_monitor(request.user, key_of(monitor_id))
        return _answer(request, monitor, message="Monitor resumed")

    @allow(Admin)
    @extend_schema(
        parameters=[MONITOR],
        request=None,
        responses={202: one(s.MonitorOut), **refusals(401, 403, 404, MonitorPaused, 429)},
    )
    def check_now(self, request: MemberRequest, monitor_id: str) -> Response:
        """Ask for a check. It is done within a second or two; how it went is in the monitor then."""
        monitor = monitors.check_now(request.user, key_of(monitor_id))
        return _answer(request, monitor, message="Check requested", status=202)

    @allow(Watcher)
    @extend_schema(
        parameters=[MONITOR, inputs.ChecksQuery],
        responses={200: many(s.CheckOut), **refusals(400, 401, 403, 404)},
        examples=[examples.CHECKS],
    )
    def checks(self, request: MemberRequest, monitor_id: str) -> Response:
        """Its checks of the last hours, the newest first. They are kept for `KEEP_HISTORY_DAYS`."""
        monitor = monitors.read_monitor(request.user, key_of(monitor_id))
        query = parsed(inputs.ChecksQuery, request.query_params.dict())
        since = timezone.now() - timedelta(hours=query["hours"])
        rows = Check.objects.filter(monitor_id=monitor.pk, at__gte=since)
        page, cursor = page_by_time(rows, query["limit"], query["cursor"])
        return success([check_json(row) for row in page], next_cursor=cursor)

    @allow(Watcher)
    @extend_schema(
        parameters=[MONITOR, inputs.StatsQuery],
        responses={200: one(s.MonitorStatsOut), **refusals(400, 401, 403, 404)},
        examples=[examples.STATS],
    )
    def stats(self, request: MemberRequest, monitor_id: str) -> Response:
        """Uptime by time, response times with percentiles, and both in buckets for a chart."""
        monitor = monitors.read_monitor(request.user, key_of(monitor_id))
        wanted = parsed(inputs.StatsQuery, request.query_params.dict())["range"]
        return success(stats.stats(monitor, wanted, timezone.now()))


def _filtered(rows: QuerySet[Monitor], query: dict[str, Any]) -> QuerySet[Monitor]:
    columns = {"status": "state__status", "type": "type", "tag": "tags__name", "severity": "severity"}
    rows = rows.filter(**{column: query[name] for name, column in columns.items() if name in query})
    if words := query.get("q"):
        rows = rows.filter(Q(name__icontains=words) | Q(url__icontains=words) | Q(host__icontains=words))
    return rows


def _answer(request: MemberRequest, monitor: Monitor, **more: Any) -> Response:
    shown = monitor_json(monitor, admin=request.user.is_admin)
    return success(shown, headers={"ETag": f'"{monitors.version_of(monitor)}"'}, **more)


def _version(if_match: str | None) -> str | None:
    """The version an `If-Match` names. Of one that is none of ours nothing, which is stale."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*(?:W/)?"(\d{20})"\s*', if_match, re.ASCII)
    return found[1] if found else ""
