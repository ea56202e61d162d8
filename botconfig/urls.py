from __future__ import annotations

from django.urls import path

from botconfig.cog_views import CogViews, GuildViews
from botconfig.views import ConfigViews

urlpatterns = [
    path("cogs", CogViews.as_view({"get": "list"})),
    path("cogs/load", CogViews.as_view({"post": "load"})),
    path("cogs/unload", CogViews.as_view({"post": "unload"})),
    path("cogs/reload", CogViews.as_view({"post": "reload"})),
    path("guild/channels", GuildViews.as_view({"get": "channels"})),
    path("guild/roles", GuildViews.as_view({"get": "roles"})),
    path("config", ConfigViews.as_view({"get": "all"})),
    path("config/schema", ConfigViews.as_view({"get": "describe"})),
    path("config/<str:section>", ConfigViews.as_view({"get": "read", "put": "change"})),
    path("config/<str:section>/reset", ConfigViews.as_view({"post": "reset"})),
    path("config/<str:section>/rollback", ConfigViews.as_view({"post": "rollback"})),
    path("config/<str:section>/history", ConfigViews.as_view({"get": "history"})),
    path("config/<str:section>/verification", ConfigViews.as_view({"get": "verification"})),
]
