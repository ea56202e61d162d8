"""What people can do with tickets.

Every door (REST view, socket, admin, later Discord) comes through here, so each rule is written once.
A service takes the ticket's public id and the actor, locks the row, asks the rule, writes, publishes.
`NotFound` covers what the actor may not see.
"""

from __future__ import annotations

from tickets.services.attachments import attach_files, attachment_for, open_attachment
from tickets.services.blocking import block_user, blocks, unblock_user
from tickets.services.canned import canned_replies, delete_canned_reply, fill_in, save_canned_reply
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
from tickets.services.opening import open_ticket, places_left
from tickets.services.presence import present_at
from tickets.services.rating import rate_ticket
from tickets.services.reading import (
    History,
    history,
    mark_read,
    messages_of,
    read_ticket,
    stream_after,
    ticket_page,
)
from tickets.services.settings import ticket_settings
from tickets.services.transcripts import Transcript, transcript
from tickets.services.triage import (
    Outcome,
    for_each_ticket,
    merge_tickets,
    snooze_ticket,
    transfer_ticket,
    wake_ticket,
)
from tickets.services.waiting import watch_tickets
from tickets.services.webhooks import (
    delete_webhook,
    deliveries_of,
    read_webhook,
    renew_secret,
    save_webhook,
    store_webhook,
    test_webhook,
    webhooks,
)

__all__ = [
    "History",
    "Outcome",
    "Transcript",
    "add_note",
    "assign_ticket",
    "attach_files",
    "attachment_for",
    "block_user",
    "blocks",
    "canned_replies",
    "claim_ticket",
    "close_ticket",
    "delete_canned_reply",
    "delete_message",
    "delete_ticket",
    "delete_webhook",
    "deliveries_of",
    "edit_message",
    "fill_in",
    "for_each_ticket",
    "history",
    "mark_read",
    "merge_tickets",
    "messages_of",
    "open_attachment",
    "open_ticket",
    "places_left",
    "post_message",
    "present_at",
    "purge_deleted_tickets",
    "rate_ticket",
    "read_ticket",
    "read_webhook",
    "renew_secret",
    "reopen_ticket",
    "save_canned_reply",
    "save_webhook",
    "snooze_ticket",
    "store_webhook",
    "stream_after",
    "test_webhook",
    "ticket_page",
    "ticket_settings",
    "transcript",
    "transfer_ticket",
    "unblock_user",
    "unclaim_ticket",
    "update_ticket",
    "wake_ticket",
    "watch_tickets",
    "webhooks",
]  # fmt: skip
