from __future__ import annotations

from django.urls import path

from notifications.mail import pages

urlpatterns = [
    path("mail/confirm", pages.confirm, name="mail-confirm"),
    path("mail/unsubscribe", pages.unsubscribe, name="mail-unsubscribe"),
]
