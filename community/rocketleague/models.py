"""Players as the rank API knows them, whose they are, and how their ranks rose."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from community.rocketleague.tiers import TIERS
from community.shelf import Kept


class Platform(models.TextChoices):
    STEAM = "steam", "Steam"
    EPIC = "epic", "Epic Games"
    PSN = "psn", "PlayStation"
    XBL = "xbl", "Xbox"


class Profile(Kept):
    """A player's ranks, as the rank API gave them last. Of anybody, linked or not."""


class SourcePause(models.Model):
    """How long a rank API wants to be left alone, whoever asks and for whom."""

    source = models.CharField(max_length=30, primary_key=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source} until {self.until:%H:%M:%S}"


class LinkedAccount(models.Model):
    """The one player a person says they are."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="rocket_league")
    platform = models.CharField(max_length=5, choices=Platform.choices)
    username = models.CharField(max_length=64)
    player = models.CharField(max_length=200, unique=True, help_text=_("Platform and folded name."))
    ranks = models.JSONField(default=dict, help_text=_("As of the last check, by playlist."))
    peaks = models.JSONField(default=dict, help_text=_("The highest tier seen in this season, by playlist."))
    season = models.PositiveIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text=_("Why the last check gave nothing."))
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.username} ({self.platform})"


class RankUp(models.Model):
    """Somebody rose above what they had been in this season. Told once, by this row."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rank_ups", db_index=False
    )
    playlist = models.CharField(max_length=3)
    season = models.PositiveIntegerField()
    from_tier = models.PositiveSmallIntegerField()
    to_tier = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "season", "playlist", "to_tier"], name="rank_up_told_once"
            )
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="rank_up_by_age")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.playlist}: {TIERS[self.to_tier]}"


class RankCheck(models.Model):
    """A walk through all linked accounts, one after the other; `reached` is where it is."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Broken off")

    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reached = models.BigIntegerField(
        default=0, help_text=_("The key of the last account that was looked at.")
    )
    total = models.PositiveIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    failed_in_a_row = models.PositiveIntegerField(default=0)
    rank_ups = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="one_rank_check_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["-started_at", "-id"], name="rank_check_by_age")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} ({self.state})"
