"""The states of a ticket and every transition between them: the table of the architecture, once."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    CLAIMED = "claimed", _("Claimed")
    CLOSED = "closed", _("Closed")


UNDONE = (Status.OPEN, Status.CLAIMED)


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class Side(models.TextChoices):
    """Whose answer is awaited."""

    STAFF = "staff", _("Staff")
    OWNER = "owner", _("Owner")


class Verb(models.TextChoices):
    CLAIM = "claim"
    ASSIGN = "assign"
    UNCLAIM = "unclaim"
    CLOSE = "close"
    REOPEN = "reopen"
    TRANSFER = "transfer"


TRANSITIONS: Mapping[tuple[str, str], Status] = {
    (Status.OPEN, Verb.CLAIM): Status.CLAIMED,
    (Status.OPEN, Verb.ASSIGN): Status.OPEN,
    (Status.OPEN, Verb.CLOSE): Status.CLOSED,
    (Status.OPEN, Verb.TRANSFER): Status.CLAIMED,
    (Status.CLAIMED, Verb.TRANSFER): Status.CLAIMED,
    (Status.CLAIMED, Verb.ASSIGN): Status.CLAIMED,
    (Status.CLAIMED, Verb.UNCLAIM): Status.OPEN,
    (Status.CLAIMED, Verb.CLOSE): Status.CLOSED,
    (Status.CLOSED, Verb.REOPEN): Status.OPEN,
}
"""What is not listed is refused."""
