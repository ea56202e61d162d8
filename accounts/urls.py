from __future__ import annotations

from django.urls import path

from accounts import views
from accounts.discord_login.views import DiscordLoginViews
from accounts.people_views import AuditViews, ErasureViews, PeopleViews

PERSON = "users/<str:user_id>"
me = views.ProfileViews.as_view({"get": "me"})
urlpatterns = [
    path("auth/login", views.LoginViews.as_view({"post": "login"})),
    path("auth/refresh", views.LoginViews.as_view({"post": "refresh"})),
    path("auth/verify-token", views.TokenViews.as_view({"get": "verify", "post": "verify"})),
    path("auth/logout", views.SessionViews.as_view({"post": "logout"})),
    path("auth/sessions", views.SessionViews.as_view({"get": "list"})),
    path("auth/sessions/<str:key>", views.SessionViews.as_view({"delete": "end"})),
    path("auth/monitoring-token", views.MonitoringTokenViews.as_view({"post": "issue"})),
    path("discord/auth", DiscordLoginViews.as_view({"get": "auth"})),
    path("discord/callback", DiscordLoginViews.as_view({"get": "callback"})),
    path("auth/me", me),
    path("users/me", me),
    path("users", PeopleViews.as_view({"get": "list"})),
    path(PERSON, PeopleViews.as_view({"get": "read", "patch": "change"})),
    path(f"{PERSON}/block", PeopleViews.as_view({"post": "block"})),
    path(f"{PERSON}/unblock", PeopleViews.as_view({"post": "unblock"})),
    path(f"{PERSON}/sessions", PeopleViews.as_view({"get": "sessions", "delete": "end_sessions"})),
    path(f"{PERSON}/sessions/<str:key>", PeopleViews.as_view({"delete": "end_session"})),
    path(f"{PERSON}/export", PeopleViews.as_view({"get": "export"})),
    path(f"{PERSON}/erase", PeopleViews.as_view({"post": "erase"})),
    path("admin/audit", AuditViews.as_view({"get": "list"})),
    path("admin/erasures", ErasureViews.as_view({"get": "list"})),
    path("admin/erasures/<str:erasure_id>", ErasureViews.as_view({"get": "read"})),
    path("ping", views.TokenViews.as_view({"get": "ping"})),
]
