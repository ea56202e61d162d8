"""What people can do with tickets.

Every door (REST view, socket, admin, later Discord) comes through here, so each rule is written once.
A service takes the ticket's public id and the actor, locks the row, asks the rule, writes, publishes.
`NotFound` covers what the actor may not see.
"""

from __future__ import annotations

from tickets.services.conversation import add_note, delete_message, edit_message, post_message
from tickets.services.lifecycle import (
    assign_ticket,
    claim_ticket,
    close_ticket,
    delete_ticket,
    purge_deleted_tickets,
    reopen_ticket,
    unclaim_ticket,
    update_ticket,
)
from tickets.services.opening import open_ticket, places_left, ticket_settings
from tickets.services.reading import History, history, mark_read, messages_of, read_ticket, stream_after

__all__ = [
    "History", "add_note", "assign_ticket", "claim_ticket", "close_ticket", "delete_message",
    "delete_ticket", "edit_message", "history", "mark_read", "messages_of", "open_ticket",
    "places_left", "post_message", "purge_deleted_tickets", "read_ticket", "reopen_ticket",
    "stream_after", "ticket_settings", "unclaim_ticket", "update_ticket",
]  # fmt: skip
