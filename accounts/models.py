"""People, and the sign-ins behind their tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.roles import GRANTABLE, MODERATOR_ADMIN_PAGES, PERMISSIONS, STAFF, Role, higher

GRACE = timedelta(seconds=60)
"""How long the token before the current one stays usable: an answer got lost, requests ran in parallel."""


ADMINS = Q(is_superuser=True) | Q(granted_role=Role.ADMIN) | Q(guild_role=Role.ADMIN)


def new_user_id() -> str:
    return f"u{secrets.randbelow(10**12)}"


def new_alias() -> str:
    return f"erased-{secrets.token_hex(4)}"


def new_session_key() -> str:
    return secrets.token_hex(16)


class UserQuerySet(models.QuerySet["User"]):
    def staff(self) -> UserQuerySet:
        return self.filter(
            Q(is_superuser=True) | Q(granted_role__in=STAFF) | Q(guild_role__in=STAFF),
            is_active=True,
            is_service=False,
        )

    def people(self) -> UserQuerySet:
        return self.filter(is_service=False)

    def admins(self) -> UserQuerySet:
        return self.people().filter(ADMINS)

    def with_role(self, role: str) -> UserQuerySet:
        """As `User.role` says it."""
        if role == Role.ADMIN:
            return self.admins()
        moderators = Q(granted_role=Role.MODERATOR) | Q(guild_role=Role.MODERATOR)
        others = self.people().exclude(ADMINS)
        return others.filter(moderators) if role == Role.MODERATOR else others.exclude(moderators)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user: User = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(username, password, **fields, is_superuser=True)


class User(AbstractBaseUser):
    """One person, for ever: Discord, the app and the web know them by the same `user_id`."""

    username = models.CharField(
        _("user name"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    user_id = models.CharField(
        max_length=20,
        unique=True,
        default=new_user_id,
        editable=False,
        help_text=_("The Discord id where Discord made the account, else u and a number. Never changes."),
    )
    discord_id = models.BigIntegerField(unique=True, null=True, blank=True)
    discriminator = models.CharField(max_length=4, blank=True, default="0")
    avatar = models.URLField(max_length=300, blank=True)
    granted_role = models.CharField(
        max_length=10,
        blank=True,
        choices=[(role.value, role.label) for role in GRANTABLE],
        help_text=_("What an admin granted here. The higher of this and the guild's role counts."),
    )
    guild_role = models.CharField(
        max_length=10, blank=True, editable=False, choices=[(r.value, r.label) for r in GRANTABLE]
    )
    is_superuser = models.BooleanField(default=False, help_text=_("A superuser is an admin."))
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Switch off to block."))
    is_service = models.BooleanField(default=False, editable=False)
    cookie_epoch = models.PositiveIntegerField(default=0, editable=False)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "username"
    objects = UserManager()

    class Meta:
        ordering = ["username"]
        indexes = [
            models.Index(fields=["granted_role"]),
            models.Index(fields=["guild_role"]),
            models.Index(fields=["-created_at", "-id"], name="user_by_age"),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password ends every sign-in, whichever way it was set (also `changepassword`)."""
        changed = self._password is not None and not self._state.adding  # type: ignore[attr-defined]
        super().save(*args, **kwargs)
        if changed:
            alive = self.sessions.filter(ended_at=None)
            alive.update(ended_at=timezone.now(), end_reason="password_changed")

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a cookie of the admin site must match: it ends with the password, or when staff end it."""
        mark = f"{self.password}|{self.cookie_epoch}"
        return salted_hmac("accounts.User.cookie", mark, secret=secret, algorithm="sha256").hexdigest()

    @property
    def role(self) -> Role:
        if self.is_service:
            return Role.MONITORING
        return Role.ADMIN if self.is_superuser else higher(self.granted_role, self.guild_role)

    @property
    def permissions(self) -> list[str]:
        return list(PERMISSIONS[self.role])

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def is_staff(self) -> bool:
        """Moderators and admins; the admin site asks for this name."""
        return self.role in STAFF

    # What the admin site asks. Rights follow from the role alone; there are no groups.
    def has_perm(self, permission: str, _obj: object = None) -> bool:
        if not self.is_active:
            return False
        return self.is_admin or (self.is_staff and permission in MODERATOR_ADMIN_PAGES)

    def has_perms(self, permissions: Iterable[str], _obj: object = None) -> bool:
        return all(self.has_perm(permission) for permission in permissions)

    def has_module_perms(self, app: str) -> bool:
        if not self.is_active:
            return False
        pages = (page.partition(".")[0] for page in MODERATOR_ADMIN_PAGES)
        return self.is_admin or (self.is_staff and app in pages)


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self) -> SessionQuerySet:
        return self.filter(ended_at=None, expires_at__gt=timezone.now(), user__is_active=True)


class Session(models.Model):
    """One sign-in on one device: what every token of it stands on.

    A token names the session's generation. Refreshing makes a new one; `generation_at` says when.
    """

    class Kind(models.TextChoices):
        LOGIN = "login", _("Sign-in")
        HANDOVER = "handover", _("Sign-in with Discord, not taken up")
        MONITORING = "monitoring", _("Monitoring token")

    key = models.CharField(max_length=32, unique=True, default=new_session_key, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LOGIN)
    name = models.CharField(max_length=100, blank=True)
    generation = models.PositiveIntegerField(default=1)
    generation_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(help_text=_("After this it cannot be refreshed any more."))
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=40, blank=True)
    platform = models.CharField(max_length=20, blank=True)
    app_version = models.CharField(max_length=40, blank=True)
    device = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-last_seen_at"]
        indexes = [
            models.Index(fields=["user", "ended_at"]),
            models.Index(fields=["-last_seen_at"]),
            models.Index(fields=["expires_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.user}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now() and self.user.is_active

    def in_grace(self, generation: int) -> bool:
        """Whether it is the generation before the current one, which was replaced a moment ago."""
        replaced_long_ago = timezone.now() - self.generation_at > GRACE
        return generation == self.generation - 1 and not replaced_long_ago

    def accepts(self, generation: int) -> bool:
        return generation == self.generation or self.in_grace(generation)


class LoginAttempt(models.Model):
    """Somebody went to Discord to sign in and has not come back. It is gone as soon as they have."""

    class Platform(models.TextChoices):
        WEB = "web", _("Web")
        ANDROID = "android", _("Android")
        IOS = "ios", _("iOS")
        ADMIN = "admin", _("Admin site")

    key = models.CharField(max_length=64, unique=True, help_text=_("SHA-256 of the state."))
    platform = models.CharField(max_length=10, choices=Platform.choices)
    verifier = models.CharField(max_length=128)
    next_path = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.get_platform_display()}, {self.created_at:%H:%M:%S}"


class Erasure(models.Model):
    """Somebody is to be forgotten: who wanted it, how far it is, and the name that is left."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked for, an admin has to agree")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    user = models.ForeignKey(User, models.PROTECT, related_name="erasures")
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    agreed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    later_user_id = models.CharField(max_length=20, default=new_user_id, help_text=_("If it has to change."))
    alias = models.CharField(max_length=40, default=new_alias, help_text=_("In the place of the name."))
    counts = models.JSONField(default=dict, help_text=_("How many things were erased, by part."))
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=~Q(state="done"), name="one_erasure_of_each_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="erasure_by_age")]

    def __str__(self) -> str:
        return f"{self.alias} ({self.state})"
