from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from accounts.directory import last_seen
from accounts.http import MemberRequest
from accounts.permissions import Admin, Staff, Watcher
from accounts.viewsets import RoleViewSet, allow
from analytics import exporting, keeping
from analytics import serializers as s
from analytics.answers import desk, errors, features, overview, people, sessions
from analytics.answers.window import Window, window
from analytics.errors import BadRange, NotConfirmed, UnknownFeature
from analytics.features import FEATURES
from hazesite import downloads
from hazesite.api import Keyset, bounded_total, parsed
from hazesite.schema import refusals

STEPS = {"day": 1, "week": 7, "month": 30}
REFUSED = refusals(400, 401, 403)
OF_DAYS = refusals(400, 401, 403, BadRange)
FEATURE = OpenApiParameter("feature", str, OpenApiParameter.PATH, enum=list(FEATURES))
FILES = {
    (200, "text/csv"): OpenApiTypes.BINARY,
    (200, "application/json"): {"type": "array", "items": {"type": "object"}},
}


def _asked(
    request: MemberRequest, query: type[s.WindowQuery] = s.WindowQuery
) -> tuple[Window, dict[str, Any]]:
    given = parsed(query, request.query_params.dict())
    first: date | None = given.pop("from", None)
    kind = {name: given.pop(name, None) for name in ("platform", "version", "role")}
    return window(first=first, last=given.pop("to", None), length=given.pop("days", None), **kind), given


def _of(days: Window, **found: Any) -> Response:
    return Response({"from": days.first, "to": days.last, **found})


class UsageViews(RoleViewSet):
    request: MemberRequest

    @allow(Staff)
    @extend_schema(parameters=[s.StatsQuery], responses={200: s.StatsOut, **REFUSED})
    def stats(self, request: MemberRequest) -> Response:
        """How much the app is used, in five figures."""
        asked = parsed(s.StatsQuery, request.query_params.dict()).get("days")
        return Response(overview.stats(None if asked is None else int(asked)))

    @allow(Admin)
    @extend_schema(responses={200: s.ActiveSessionsOut, **refusals(401, 403)})
    def active_sessions(self, request: MemberRequest) -> Response:
        """Who uses the app now, the last seen first; 200 at most."""
        found = s.ActiveSessionOut(sessions.active(request.user), many=True)
        return Response({"sessions": found.data})

    @allow(Watcher)
    @extend_schema(parameters=[s.WindowQuery], responses={200: s.MetricsOut, **OF_DAYS})
    def data(self, request: MemberRequest) -> Response:
        """Everything a dashboard shows."""
        days, _more = _asked(request)
        return Response({"metrics": overview.metrics(days)})

    @allow(Watcher)
    @extend_schema(responses={200: s.LiveFiguresOut, **refusals(401, 403)})
    def live(self, request: MemberRequest) -> Response:
        """How many people are here now."""
        return Response(sessions.online())

    @allow(Staff)
    @extend_schema(parameters=[s.RetentionQuery], responses={200: s.RetentionOut, **OF_DAYS})
    def retention(self, request: MemberRequest) -> Response:
        """Of those who came for the first time, how many came back."""
        days, more = _asked(request, s.RetentionQuery)
        return _of(days, **people.retention(days, STEPS[more["by"]]))

    @allow(Staff)
    @extend_schema(parameters=[s.FunnelQuery], responses={200: s.FunnelOut, **OF_DAYS})
    def funnel(self, request: MemberRequest) -> Response:
        """Of those who used one feature, how many used the next, in the same hour or later."""
        days, more = _asked(request, s.FunnelQuery)
        return _of(days, **features.funnel(days, more["steps"].split(",")))

    @allow(Staff)
    @extend_schema(parameters=[s.WindowQuery], responses={200: s.FeaturesOut, **OF_DAYS})
    def features(self, request: MemberRequest) -> Response:
        """Features by how many use them."""
        days, _more = _asked(request)
        return _of(days, features=features.ranking(days))

    @allow(Staff)
    @extend_schema(parameters=[s.WindowQuery], responses={200: s.ComparisonOut, **OF_DAYS})
    def comparison(self, request: MemberRequest) -> Response:
        """Each feature in these days and in as many just before."""
        days, _more = _asked(request)
        return Response(features.comparison(days))

    @allow(Staff)
    @extend_schema(
        parameters=[FEATURE, s.WindowQuery],
        responses={200: s.OneFeatureOut, **refusals(400, UnknownFeature, 401, 403, BadRange)},
    )
    def feature(self, request: MemberRequest, feature: str) -> Response:
        """One feature, day by day."""
        features.known(feature)
        days, _more = _asked(request)
        return _of(days, **features.one(days, feature))

    @allow(Staff)
    @extend_schema(parameters=[s.WindowQuery], responses={200: s.ErrorsOut, **OF_DAYS})
    def errors(self, request: MemberRequest) -> Response:
        """Which bugs happened how often, and before."""
        days, _more = _asked(request)
        return _of(days, **errors.errors(days))

    @allow(Admin)
    @extend_schema(parameters=[s.WindowQuery], responses={200: s.StaffOut, **OF_DAYS})
    def staff(self, request: MemberRequest) -> Response:
        """How quickly each of the staff answers and resolves, and what is thought of it."""
        days, _more = _asked(request)
        return _of(days, staff=desk.staff(request.user, days))

    @allow(Staff)
    @extend_schema(parameters=[s.InactiveQuery], responses={200: s.InactiveOut, **REFUSED})
    def inactive(self, request: MemberRequest) -> Response:
        """People who were not here for so many days, the newest accounts first."""
        query = parsed(s.InactiveQuery, request.query_params.dict())
        rows = people.inactive(request.user, query.pop("days"))
        page, cursor = Keyset(rows, "created_at").page(**query)
        seen = last_seen(page)
        shown = [
            {
                "user_id": person.user_id,
                "username": person.username,
                "created_at": person.created_at,
                "last_seen": seen.get(person.pk) or person.last_login,
            }
            for person in page
        ]
        return Response({"total": bounded_total(rows), "users": shown, "next_cursor": cursor})

    @allow(Admin)
    @extend_schema(
        parameters=[s.ExportQuery],
        responses={**FILES, **refusals(400, 401, 403, BadRange, 429)},
    )
    def export(self, request: MemberRequest) -> HttpResponseBase:
        """Figures as a file: by day, by feature and day, every session, or every ticket."""
        days, more = _asked(request, s.ExportQuery)
        file, size, kind, name = exporting.export(request.user, days, more["dataset"], more["format"])
        return downloads.made(request._request, file, size, kind, name)

    @allow(Admin)
    @extend_schema(request=s.ResetIn, responses={200: s.ResetOut, **refusals(400, 401, 403, NotConfirmed)})
    def reset(self, request: MemberRequest) -> Response:
        """Forget all uses and sessions for good. `confirm` is `reset analytics`, typed."""
        uses = keeping.reset(request.user, parsed(s.ResetIn, request.data)["confirm"])
        return Response({"success": True, "uses": uses})

    @extend_schema(responses={200: s.ChoiceOut, **refusals(401, 403)})
    def choice(self, request: MemberRequest) -> Response:
        """Whether one's own use of the app is counted."""
        return Response({"collect": keeping.is_collected(request.user)})

    @extend_schema(request=s.ChoiceIn, responses={200: s.ChoiceOut, **REFUSED})
    def choose(self, request: MemberRequest) -> Response:
        """With `false` nothing is counted any more, and what was kept of one is forgotten."""
        return Response(
            {"collect": keeping.choose(request.user, parsed(s.ChoiceIn, request.data)["collect"])}
        )
