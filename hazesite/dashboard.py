"""The figures on the first page of the admin. Each app registers its own in `ready()`.

A source costs one or two queries whatever the tables hold, and is asked only for people who may see the
pages that its figures are about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_COUNTED = 1000


class Group(models.TextChoices):
    """What belongs together in the navigation and on the first page, in this order."""

    DESK = "desk", _("Desk")
    PEOPLE = "people", _("People")
    BOT = "bot", _("Bot")
    MONITORS = "monitors", _("Monitors")
    SITE = "site", _("Site")


@dataclass(frozen=True)
class Card:
    """One figure; `note` explains it, `link` leads to what it counts, `alarming`: somebody should look."""

    title: str
    value: str
    note: str = ""
    link: str = ""
    alarming: bool = False


Source = Callable[[], list[Card]]
SOURCES: list[tuple[Group, str, Source]] = []


def figures(group: Group, permission: str) -> Callable[[Source], Source]:
    """The decorated function gives cards for people with this Django permission (`app.view_model`)."""

    def register(source: Source) -> Source:
        SOURCES.append((group, permission, source))
        return source

    return register


def cards_for(user: Any) -> list[tuple[str, list[Card]]]:
    """The cards this person may see, under the name of their group."""
    seen = [(group, source) for group, permission, source in SOURCES if user.has_perm(permission)]
    found = [(group, [card for of, source in seen if of == group for card in source()]) for group in Group]
    return [(str(group.label), cards) for group, cards in found if cards]


def bounded(rows: Any) -> str:
    """How many rows there are, as text: counted to 1000 and no further."""
    count = rows.order_by()[: MAX_COUNTED + 1].count()
    return str(count) if count <= MAX_COUNTED else f"{MAX_COUNTED}+"
