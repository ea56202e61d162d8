from __future__ import annotations

from django.urls import path

from botconfig.views import ConfigViews

urlpatterns = [
    path("config", ConfigViews.as_view({"get": "all"})),
    path("config/<str:section>", ConfigViews.as_view({"get": "read", "put": "change"})),
    path("config/<str:section>/reset", ConfigViews.as_view({"post": "reset"})),
]
