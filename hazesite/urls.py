"""Every address of the site. What is under `/api` answers in JSON, whatever goes wrong."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from hazesite import pages
from hazesite.health.views import FiguresView, HealthView, LiveView, MetricsView, ReadyView

admin.autodiscover()
api: list[URLPattern | URLResolver] = [
    path("", include("tickets.urls")),  # first, since they are asked for most
    path("", include("accounts.urls")),
    path("", include("botconfig.urls")),
    path("", include("bot.urls")),
    path("", include("monitoring.urls")),
    path("", include("community.memes.urls")),
    path("", include("community.rocketleague.urls")),
    path("", include("notifications.urls")),
    path("", include("analytics.urls")),
    path("health", HealthView.as_view()),
    path("schema", pages.ApiSchema.as_view(), name="schema"),
    path("docs/", pages.ApiDocs.as_view(url_name="schema"), name="docs"),
    path("redoc/", pages.ApiReading.as_view(url_name="schema"), name="redoc"),
    re_path(r"", pages.no_such_call),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(api)),
    path("health/live", LiveView.as_view()),
    path("health/ready", ReadyView.as_view()),
    path("health/metrics", FiguresView.as_view()),
    path("metrics", MetricsView.as_view()),
    path("", include("accounts.page_urls")),
    path("", include("notifications.page_urls")),
    path("", include("monitoring.page_urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", pages.favicon),
    path("", include("tickets.page_urls")),
]
handler400 = "hazesite.pages.bad_request"
handler403 = "hazesite.pages.forbidden"
handler404 = "hazesite.pages.not_found"
handler500 = "hazesite.pages.server_error"
