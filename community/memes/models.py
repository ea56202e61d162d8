"""What the sources had, who has seen what, and the memes of the days."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from community.shelf import Kept


class Listing(Kept):
    """The memes of one source, as it was configured: `value` is a list of them, newest answer first."""


class Shown(models.Model):
    """A meme that somebody has seen, so that it does not come again for a while."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    meme = models.CharField(max_length=32, help_text="The fingerprint of its address.")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name_plural = "shown"
        constraints = [models.UniqueConstraint(fields=["user", "meme"], name="shown_once")]

    def __str__(self) -> str:
        return f"{self.meme} to {self.user_id}"


class DailyMeme(models.Model):
    """The meme of a day, of which there is one."""

    day = models.DateField(primary_key=True)
    meme = models.CharField(max_length=32, help_text="The fingerprint of its address.")
    title = models.CharField(max_length=300)
    url = models.URLField(max_length=2000)
    source = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.title}"
