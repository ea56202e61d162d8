from __future__ import annotations

from django.urls import path

from accounts import views

me = views.ProfileViews.as_view({"get": "me"})
urlpatterns = [
    path("auth/login", views.LoginViews.as_view({"post": "login"})),
    path("auth/refresh", views.LoginViews.as_view({"post": "refresh"})),
    path("auth/verify-token", views.TokenViews.as_view({"get": "verify", "post": "verify"})),
    path("auth/logout", views.SessionViews.as_view({"post": "logout"})),
    path("auth/sessions", views.SessionViews.as_view({"get": "list"})),
    path("auth/sessions/<str:key>", views.SessionViews.as_view({"delete": "end"})),
    path("auth/monitoring-token", views.MonitoringTokenViews.as_view({"post": "issue"})),
    path("auth/me", me),
    path("users/me", me),
    path("ping", views.TokenViews.as_view({"get": "ping"})),
]
