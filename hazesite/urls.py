"""Every address of the site. What is under `/api` answers in JSON, whatever goes wrong."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from hazesite import pages

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("botconfig.urls")),
    path("", include("tickets.urls")),
    path("schema", pages.ApiSchema.as_view(), name="schema"),
    path("docs/", pages.ApiDocs.as_view(url_name="schema"), name="docs"),
    re_path(r"", pages.no_such_call),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include(api)),
    path("admin/", admin.site.urls),
    path("favicon.ico", pages.favicon),
    path("", include("tickets.page_urls")),
]
handler400 = "hazesite.pages.bad_request"
handler403 = "hazesite.pages.forbidden"
handler404 = "hazesite.pages.not_found"
handler500 = "hazesite.pages.server_error"
