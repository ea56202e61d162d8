"""The calls an app makes all day, answered by `hazesite.quick` where nothing is unusual about them."""

from __future__ import annotations

from accounts.authentication import for_members
from hazesite.quick import Read
from tickets import search, services
from tickets.views.tickets import newest_tickets

READS = [
    Read(
        f"/api/tickets/({search.PUBLIC_ID.pattern})",
        "api/tickets/<str:ticket_id>",
        "GET, PATCH, DELETE, HEAD, OPTIONS",
        for_members(services.ticket_page),
    ),
    Read("/api/tickets", "api/tickets", "GET, POST, HEAD, OPTIONS", for_members(newest_tickets)),
]
