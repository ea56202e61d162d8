"""What people are told of, and which of their switches each kind obeys."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    CREATED = "ticket_created", _("New ticket")
    MESSAGE = "new_message", _("New message")
    MENTION = "mention", _("Mention")
    ASSIGNED = "ticket_assigned", _("Assigned to you")
    CLAIMED = "ticket_claimed", _("Claimed")
    CLOSED = "ticket_closed", _("Closed")
    REOPENED = "ticket_reopened", _("Reopened")
    REMINDED = "ticket_reminded", _("An answer is awaited")
    RANK_UP = "rank_up", _("Rank-up")
    BROADCAST = "broadcast", _("Announcement")
    INCIDENT = "incident", _("Incident")


SWITCHES: dict[str, str] = {
    Kind.CREATED: "ticket_created",
    Kind.MESSAGE: "ticket_new_messages",
    Kind.MENTION: "ticket_mentions",
    Kind.ASSIGNED: "ticket_assigned",
    Kind.CLAIMED: "ticket_changes",
    Kind.CLOSED: "ticket_changes",
    Kind.REOPENED: "ticket_changes",
    Kind.REMINDED: "ticket_changes",
    Kind.RANK_UP: "rank_ups",
    Kind.BROADCAST: "broadcasts",
    Kind.INCIDENT: "incidents",
}
"""The column of `Preferences` for each kind."""

INFO = (Kind.CLAIMED, Kind.RANK_UP)
"""Good to know, no reason to ring: with `digest` on they come once a day, by mail."""
