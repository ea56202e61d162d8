from __future__ import annotations

from typing import Any

from django.urls import path

from analytics.views import UsageViews


def _get(action: str) -> Any:
    return UsageViews.as_view({"get": action})


urlpatterns = [
    path("stats", _get("stats")),
    path("active-sessions", _get("active_sessions")),
    path("analytics/data", _get("data")),
    path("analytics/live", _get("live")),
    path("analytics/retention", _get("retention")),
    path("analytics/funnel", _get("funnel")),
    path("analytics/features", _get("features")),
    path("analytics/features/comparison", _get("comparison")),
    path("analytics/features/<str:feature>", _get("feature")),
    path("analytics/inactive-users", _get("inactive")),
    path("analytics/errors", _get("errors")),
    path("analytics/staff", _get("staff")),
    path("analytics/export", _get("export")),
    path("analytics/reset", UsageViews.as_view({"post": "reset"})),
    path("analytics/preferences", UsageViews.as_view({"get": "choice", "put": "choose"})),
]
