from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.mail.topics import ALL


class MailAddressQuerySet(models.QuerySet["MailAddress"]):
    def confirmed(self) -> MailAddressQuerySet:
        return self.filter(confirmed_at__isnull=False, user__is_active=True)


class MailAddress(models.Model):
    """Where a person can be mailed. It counts once it was confirmed, until it is refused for good."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="mail_address"
    )
    address = models.EmailField()
    asked_at = models.DateTimeField(default=timezone.now, help_text=_("When the link was last asked for."))
    confirmed_at = models.DateTimeField(null=True, blank=True)
    muted = models.JSONField(default=list, blank=True, help_text=_("Topics and kinds that are not mailed."))
    refusals = models.PositiveSmallIntegerField(default=0, help_text=_("For good, one after the other."))
    trouble = models.CharField(max_length=500, blank=True, help_text=_("Why it was refused the last time."))
    digested_at = models.DateTimeField(null=True, blank=True, help_text=_("Up to when the last digest told."))

    objects = MailAddressQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "mail addresses"

    def __str__(self) -> str:
        return f"mail of {self.user_id}"

    def mutes(self, *what: str) -> bool:
        return not {ALL, *what}.isdisjoint(self.muted)
