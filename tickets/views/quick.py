"""The calls an app makes all day, answered by `hazesite.quick` where nothing is unusual about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http.request import HttpHeaders

from accounts.authentication import for_members
from accounts.models import User
from hazesite.quick import Way, body_of
from tickets import search, services
from tickets.views.requests import saying
from tickets.views.tickets import newest_tickets

TICKET, ROUTE = f"/api/tickets/({search.PUBLIC_ID.pattern})", "api/tickets/<str:ticket_id>"


def _list(_call: dict[str, Any], reader: User) -> Callable[[], Any]:
    return partial(newest_tickets, reader)


def _page(_call: dict[str, Any], reader: User, ticket_id: str) -> Callable[[], Any]:
    return partial(services.ticket_page, ticket_id, reader)


def _say(call: dict[str, Any], actor: User, ticket_id: str) -> Callable[[], Any]:
    return saying(services.post_message, ticket_id, actor, body_of(call), HttpHeaders(call))


WAYS = [
    Way("GET", "/api/tickets", "api/tickets", "GET, POST, HEAD, OPTIONS", for_members(_list)),
    Way("GET", TICKET, ROUTE, "GET, PATCH, DELETE, HEAD, OPTIONS", for_members(_page)),
    Way("POST", f"{TICKET}/send", f"{ROUTE}/send", "POST, OPTIONS", for_members(_say)),
    Way("POST", f"{TICKET}/messages", f"{ROUTE}/messages", "GET, POST, HEAD, OPTIONS", for_members(_say)),
]
