"""Who may do what. The wire contract's table of roles, and what each may see of the admin site."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMIN = "admin", _("Admin")
    MODERATOR = "moderator", _("Moderator")
    LOOTLING = "lootling", _("Lootling")
    MONITORING = "monitoring", _("Monitoring")


GRANTABLE = (Role.ADMIN, Role.MODERATOR, Role.LOOTLING)
STAFF = (Role.ADMIN, Role.MODERATOR)
RANK: Mapping[str, int] = {Role.ADMIN: 3, Role.MODERATOR: 2, Role.LOOTLING: 1, "": 0}

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    Role.ADMIN: ("all",),
    Role.MODERATOR: ("tickets", "users", "analytics_read"),
    Role.LOOTLING: ("tickets_own", "memes", "rocket_league"),
    Role.MONITORING: ("health_check", "ping", "analytics_read"),
}
"""What clients are told. The server itself asks for the role."""

MODERATOR_ADMIN_PAGES = frozenset(
    {
        "accounts.view_user",
        "accounts.view_session",
        "analytics.view_usageday",
        "bot.view_mirror",
        "bot.view_moderationaction",
        "monitoring.view_incident",
        "monitoring.view_monitor",
        "tickets.view_ticket",
        "tickets.change_ticket",
        "tickets.view_rating",
        *(
            f"tickets.{verb}_{model}"
            for verb in ("view", "add", "change", "delete")
            for model in ("cannedreply", "block")
        ),
    }
)
"""Django permissions of a moderator on the admin site; an admin has them all, nobody else any."""


@cache
def higher(one: str, other: str) -> Role:
    """The higher of two roles; nobody is less than a lootling."""
    return Role(max(one, other, Role.LOOTLING, key=lambda role: RANK[role]))
