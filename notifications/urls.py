from __future__ import annotations

from django.urls import path

from notifications.broadcast_views import BroadcastViews
from notifications.mail.views import MailViews
from notifications.views import DeviceViews, HistoryViews, PreferenceViews

urlpatterns = [
    path("admin/broadcast", BroadcastViews.as_view({"get": "list", "post": "announce"})),
    path("admin/broadcast/preview", BroadcastViews.as_view({"post": "preview"})),
    path("admin/broadcast/<str:broadcast_id>", BroadcastViews.as_view({"get": "read"})),
    path("notifications", HistoryViews.as_view({"get": "list"})),
    path("notifications/read", HistoryViews.as_view({"post": "read"})),
    path("notifications/register-token", DeviceViews.as_view({"post": "register", "delete": "forget"})),
    path("notifications/test", DeviceViews.as_view({"post": "test"})),
    path("notifications/email", MailViews.as_view({"get": "read", "put": "change", "delete": "forget"})),
    path(
        "notifications/settings", PreferenceViews.as_view({"get": "read_settings", "put": "change_settings"})
    ),
    path(
        "notifications/preferences",
        PreferenceViews.as_view({"get": "preferences", "put": "change_preferences"}),
    ),
]
