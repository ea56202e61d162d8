"""How a ticket stands in Discord, and each of its messages: for staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from bot.models import Mirror
from tickets.models import Message, Ticket
from tickets.services.locking import require_staff
from tickets.services.reading import visible_ticket

NEWEST = 100
QUEUED, SENT, FAILED = "queued", "sent", "failed"


def mirror_state(ticket_id: str, reader: User) -> dict[str, Any]:
    """`messages`: the newest hundred that leave the site, oldest first. Raises `NotFound`, `NotAllowed`.

    Four queries. A message is queued until all its parts are in Discord; it has failed when Discord refused
    it for ever, or when it waits and the last attempt did not succeed.
    """
    ticket = visible_ticket(ticket_id, reader)
    require_staff(reader)
    mirror = Mirror.objects.filter(pk=ticket.pk).first() or Mirror(ticket=ticket)
    mirror.ticket = ticket
    return {
        "place": mirror.place or None,
        "channel_id": str(mirror.channel_id) if mirror.channel_id else None,
        "behind": mirror.behind,
        "behind_since": mirror.behind_since,
        "error": mirror.error,
        "next_try": mirror.next_try,
        "messages": [state for _message, state in message_states(ticket, mirror)],
    }


def message_states(ticket: Ticket, mirror: Mirror) -> list[tuple[Message, dict[str, Any]]]:
    """The newest hundred that leave the site, oldest first, each with its author. Two queries."""
    rows = ticket.messages.filter(deleted_at=None, is_note=False).select_related("author").order_by("-seq")
    newest = list(rows.prefetch_related("mirrored")[:NEWEST])
    return [(message, _message(message, mirror)) for message in reversed(newest)]


def _message(message: Message, mirror: Mirror) -> dict[str, Any]:
    parts = list(message.mirrored.all())
    refused = next((part.error for part in parts if part.error), "")
    if refused:
        return _state(message, FAILED, refused)
    if message.seq <= mirror.seq or any(part.from_discord for part in parts):
        return _state(message, SENT)
    return _state(message, FAILED if mirror.error else QUEUED, mirror.error, mirror.next_try)


def _state(message: Message, state: str, error: str = "", next_try: datetime | None = None) -> dict[str, Any]:
    return {"id": message.public_id, "state": state, "error": error, "next_try": next_try}
