from __future__ import annotations

from django.urls import path

from bot.mirror_views import MirrorViews
from bot.views import StatsViews

urlpatterns = [
    path("admin/stats", StatsViews.as_view({"get": "read"})),
    path("tickets/<str:ticket_id>/discord", MirrorViews.as_view({"get": "read"})),
]
