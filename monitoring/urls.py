from __future__ import annotations

from typing import Any

from django.urls import path

from monitoring.views.alerting import ChannelViews, PolicyViews, WindowViews
from monitoring.views.exchange import ExchangeViews
from monitoring.views.incidents import IncidentViews
from monitoring.views.monitors import MonitorViews, OverviewViews
from monitoring.views.pages import PageViews
from monitoring.views.push import PushViews

LIST: dict[str, Any] = {"get": "list", "post": "add"}
ROW: dict[str, Any] = {"get": "read", "patch": "change", "delete": "remove"}
MONITOR, INCIDENT = "monitors/<str:monitor_id>", "incidents/<str:incident_id>"
CHANNEL = "notification-channels/<str:channel_id>"
urlpatterns = [
    path("status", OverviewViews.as_view({"get": "read"})),
    path("monitors", MonitorViews.as_view(LIST)),
    path("monitors/import", ExchangeViews.as_view({"post": "take"})),
    path("monitors/export", ExchangeViews.as_view({"get": "give"})),
    path(MONITOR, MonitorViews.as_view(ROW)),
    path(f"{MONITOR}/pause", MonitorViews.as_view({"post": "pause"})),
    path(f"{MONITOR}/resume", MonitorViews.as_view({"post": "resume"})),
    path(f"{MONITOR}/check-now", MonitorViews.as_view({"post": "check_now"})),
    path(f"{MONITOR}/checks", MonitorViews.as_view({"get": "checks"})),
    path(f"{MONITOR}/stats", MonitorViews.as_view({"get": "stats"})),
    path("incidents", IncidentViews.as_view({"get": "list"})),
    path(INCIDENT, IncidentViews.as_view({"get": "read"})),
    path(f"{INCIDENT}/acknowledge", IncidentViews.as_view({"post": "acknowledge"})),
    path(f"{INCIDENT}/comments", IncidentViews.as_view({"post": "comment"})),
    path("notification-channels", ChannelViews.as_view(LIST)),
    path(CHANNEL, ChannelViews.as_view(ROW)),
    path(f"{CHANNEL}/test", ChannelViews.as_view({"post": "send_test"})),
    path("escalation-policies", PolicyViews.as_view(LIST)),
    path("escalation-policies/<str:policy_id>", PolicyViews.as_view(ROW)),
    path("maintenance", WindowViews.as_view(LIST)),
    path("maintenance/<str:window_id>", WindowViews.as_view(ROW)),
    path("status-pages", PageViews.as_view(LIST)),
    path("status-pages/<str:page_id>", PageViews.as_view(ROW)),
    path("push/<str:token>", PushViews.as_view({"get": "by_query", "post": "by_body"})),
]
