"""What is mailed, and what of it one can do without."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.kinds import Kind


class Topic(models.TextChoices):
    MISSED = "missed", _("What you missed")
    TRANSCRIPT = "transcript", _("Transcripts of closed tickets")
    DIGEST = "digest", _("The daily digest")
    ALERT = "alert", _("Alerts for staff")


ALL = "all"
MUTABLE = [(ALL, _("All mail")), *Topic.choices, *Kind.choices]
"""What `MailAddress.muted` may hold: a topic, a kind of notification, or everything."""


def label_of(what: str) -> str:
    return str(dict(MUTABLE)[what])
