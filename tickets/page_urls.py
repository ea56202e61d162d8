from __future__ import annotations

from django.urls import path

from tickets.pages import Chat

urlpatterns = [path("", Chat.as_view(), name="chat")]
