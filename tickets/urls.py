from __future__ import annotations

from django.urls import path

from tickets.views.messages import MessageViews
from tickets.views.tickets import TicketViews

TICKET = "tickets/<str:ticket_id>"
urlpatterns = [
    path("tickets", TicketViews.as_view({"get": "list", "post": "open"})),
    path("tickets/options", TicketViews.as_view({"get": "options_for_new"})),
    path(TICKET, TicketViews.as_view({"get": "read", "patch": "update", "delete": "remove"})),
    path(f"{TICKET}/messages", MessageViews.as_view({"get": "list", "post": "send"})),
    path(f"{TICKET}/messages/<str:message_id>", MessageViews.as_view({"patch": "edit", "delete": "remove"})),
    path(f"{TICKET}/send", MessageViews.as_view({"post": "send"})),
    path(f"{TICKET}/events", TicketViews.as_view({"get": "events"})),
    path(f"{TICKET}/claim", TicketViews.as_view({"post": "claim"})),
    path(f"{TICKET}/unclaim", TicketViews.as_view({"post": "unclaim"})),
    path(f"{TICKET}/assign", TicketViews.as_view({"post": "assign"})),
    path(f"{TICKET}/notes", TicketViews.as_view({"post": "note"})),
    path(f"{TICKET}/close", TicketViews.as_view({"post": "close"})),
    path(f"{TICKET}/reopen", TicketViews.as_view({"post": "reopen"})),
    path(f"{TICKET}/mark-read", TicketViews.as_view({"post": "mark_read"})),
]
