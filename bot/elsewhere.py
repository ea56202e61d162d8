"""Which tickets are read in Discord."""

from __future__ import annotations

from collections.abc import Collection

from bot.models import Mirror
from tickets.elsewhere import BRIDGES


def shown_in_discord(tickets: Collection[int]) -> set[int]:
    """Those that have a place there which is followed."""
    rows = Mirror.objects.filter(ticket__in=tickets, state=Mirror.State.LIVE, channel_id__isnull=False)
    return set(rows.values_list("ticket_id", flat=True))


BRIDGES.append(shown_in_discord)
