from __future__ import annotations

from django.urls import path

from accounts.discord_login import pages

urlpatterns = [path("admin/login/discord", pages.begin, name="discord-login")]
