"""Who outside is told what happens in tickets."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

GIVE_UP_AFTER = timedelta(days=5)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Webhook(models.Model):
    """An address that gets a signed request for each step of a ticket it wants to hear of."""

    name = models.CharField(max_length=100)
    url = models.CharField("URL", max_length=500)
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    event_types = models.JSONField(default=list, blank=True, help_text=_("Empty: all."))
    include_internal = models.BooleanField(
        default=False, help_text=_("Notes and all else that the owner of a ticket does not see.")
    )
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True, editable=False)
    failing_since = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("Nothing has arrived since then. After five days it is disabled."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def wants(self, kind: str, *, internal: bool) -> bool:
        return (self.include_internal or not internal) and (not self.event_types or kind in self.event_types)
