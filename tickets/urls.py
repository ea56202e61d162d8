from __future__ import annotations

from django.urls import path

from tickets.views.blocks import BlockViews
from tickets.views.desk import DeskViews
from tickets.views.files import FileViews
from tickets.views.messages import MessageViews
from tickets.views.replies import CannedReplyViews
from tickets.views.tickets import TicketViews
from tickets.views.webhooks import WebhookViews

TICKET = "tickets/<str:ticket_id>"
WEBHOOK = "tickets/webhooks/<str:webhook_id>"
urlpatterns = [
    path("tickets", TicketViews.as_view({"get": "list", "post": "open"})),
    path("tickets/options", TicketViews.as_view({"get": "options_for_new"})),
    path("tickets/bulk", DeskViews.as_view({"post": "bulk"})),
    path("tickets/canned-replies", CannedReplyViews.as_view({"get": "list", "post": "add"})),
    path(
        "tickets/canned-replies/<str:name>", CannedReplyViews.as_view({"patch": "change", "delete": "remove"})
    ),
    path("tickets/blocklist", BlockViews.as_view({"get": "list"})),
    path("tickets/blocklist/<str:user_id>", BlockViews.as_view({"put": "block", "delete": "unblock"})),
    path("tickets/webhooks", WebhookViews.as_view({"get": "list", "post": "add"})),
    path(WEBHOOK, WebhookViews.as_view({"get": "read", "patch": "change", "delete": "remove"})),
    path(f"{WEBHOOK}/test", WebhookViews.as_view({"post": "send_test"})),
    path(f"{WEBHOOK}/deliveries", WebhookViews.as_view({"get": "deliveries"})),
    path(TICKET, TicketViews.as_view({"get": "read", "patch": "update", "delete": "remove"})),
    path(f"{TICKET}/messages", MessageViews.as_view({"get": "list", "post": "send"})),
    path(f"{TICKET}/messages/<str:message_id>", MessageViews.as_view({"patch": "edit", "delete": "remove"})),
    path(f"{TICKET}/send", MessageViews.as_view({"post": "send"})),
    path(f"{TICKET}/attachments", FileViews.as_view({"post": "attach"})),
    path(f"{TICKET}/attachments/<str:attachment_id>", FileViews.as_view({"get": "read"})),
    path(f"{TICKET}/transcript", FileViews.as_view({"get": "transcript"})),
    path(f"{TICKET}/events", TicketViews.as_view({"get": "events"})),
    path(f"{TICKET}/claim", TicketViews.as_view({"post": "claim"})),
    path(f"{TICKET}/unclaim", TicketViews.as_view({"post": "unclaim"})),
    path(f"{TICKET}/assign", TicketViews.as_view({"post": "assign"})),
    path(f"{TICKET}/notes", TicketViews.as_view({"post": "note"})),
    path(f"{TICKET}/close", TicketViews.as_view({"post": "close"})),
    path(f"{TICKET}/reopen", TicketViews.as_view({"post": "reopen"})),
    path(f"{TICKET}/mark-read", TicketViews.as_view({"post": "mark_read"})),
    path(f"{TICKET}/transfer", DeskViews.as_view({"post": "transfer"})),
    path(f"{TICKET}/snooze", DeskViews.as_view({"post": "snooze"})),
    path(f"{TICKET}/wake", DeskViews.as_view({"post": "wake"})),
    path(f"{TICKET}/merge", DeskViews.as_view({"post": "merge"})),
    path(f"{TICKET}/presence", DeskViews.as_view({"get": "presence"})),
    path(f"{TICKET}/rating", DeskViews.as_view({"post": "rate"})),
    path(f"{TICKET}/canned-replies", CannedReplyViews.as_view({"get": "for_ticket"})),
]
