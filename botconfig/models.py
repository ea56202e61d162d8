"""The bot's configuration, what it may do, and the guild as the bot sees it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Section(models.Model):
    """What was set in one section of the bot's configuration. What is absent has its default."""

    name = models.CharField(max_length=30, primary_key=True)
    values = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    checked_version = models.PositiveIntegerField(
        null=True, editable=False, help_text="The version that was compared with the guild last."
    )
    checked_at = models.DateTimeField(null=True, editable=False)
    problems = models.JSONField(
        default=list,
        null=True,
        editable=False,
        help_text="What the bot cannot carry out: `field`, `code`, `reason`.",
    )

    def __str__(self) -> str:
        return self.name


class SectionVersion(models.Model):
    """A section as it was made by one change. Written with the change, and never again."""

    class Reason(models.TextChoices):
        CHANGE = "change", _("Changed")
        RESET = "reset", _("Reset to the defaults")
        ROLLBACK = "rollback", _("Rolled back")
        IMPORT = "import", _("Imported")
        BOT = "bot", _("Set by the bot")
        UPGRADE = "upgrade", _("As it was when the history began")

    section = models.CharField(max_length=30)
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices, default=Reason.CHANGE)
    restored = models.PositiveIntegerField(null=True, help_text="The version that a rollback went back to.")
    values = models.JSONField(default=dict, help_text="What was set then. What is absent had its default.")
    changes = models.JSONField(default=dict, help_text="`from` and `to` of each field that differed.")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["section", "version"], name="section_version_once")]
        indexes = [models.Index(fields=["section", "-at", "-id"], name="section_versions_newest")]

    def __str__(self) -> str:
        return f"{self.section} {self.version}"


class GuildChannel(models.Model):
    """A channel of the guild, for pickers and checks. Kept by the bot."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    parent_id = models.BigIntegerField(null=True, blank=True)
    position = models.IntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class GuildRole(models.Model):
    """A role of the guild. Kept by the bot."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    color = models.PositiveIntegerField(default=0)
    position = models.IntegerField(default=0)
    managed = models.BooleanField(
        default=False, db_default=False, help_text="It belongs to an integration; nobody gives it."
    )
    permissions = models.BigIntegerField(default=0, db_default=0, help_text="As Discord's bits.")

    class Meta:
        ordering = ["-position", "id"]

    def __str__(self) -> str:
        return self.name


class GuildMember(models.Model):
    """Somebody in the guild, with or without an account here. Kept by the bot."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    display_name = models.CharField(max_length=100)
    avatar = models.URLField(max_length=300, blank=True)
    role_ids = models.JSONField(default=list)
    is_bot = models.BooleanField(default=False)
    is_me = models.BooleanField(default=False, db_default=False, help_text="This bot itself.")

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Cog(models.Model):
    """One part of the bot: whether it is wanted, and what the running bot says of it."""

    name = models.CharField(max_length=50, primary_key=True)
    wanted = models.BooleanField(default=True)
    loaded = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class BotCommand(models.Model):
    """Something the running bot is asked to do, and its answer. Unanswered ones of the past are ignored."""

    kind = models.CharField(max_length=30)
    arguments = models.JSONField(default=dict)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True, db_index=True)
    answer = models.JSONField(default=dict, help_text="`ok`, and `code` and `message`.")

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["asked_at"], condition=models.Q(answered_at=None), name="bot_command_unanswered"
            )
        ]

    def __str__(self) -> str:
        return self.kind


class BotPresence(models.Model):
    """The one running bot: who leads, until when, and what it says of itself."""

    name = models.CharField(max_length=20, primary_key=True, default="bot")
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField(default=timezone.now, help_text="The lease ends then; it is renewed before.")
    since = models.DateTimeField(null=True, help_text="When this bot was connected to Discord.")
    facts = models.JSONField(default=dict, help_text="`connected`, `latency_ms`, `guilds`, `members`.")

    def __str__(self) -> str:
        return self.holder
