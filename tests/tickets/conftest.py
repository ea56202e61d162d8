"""What tests of the search share."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tickets import services
from tickets.models import Ticket


@pytest.fixture
def look(client_of):
    """The subjects a search finds, as `who` sees them."""

    def searched(who, words: str, more: str = "") -> list[str]:
        answer = client_of(who).get(f"/api/tickets?q={quote(words, errors='replace')}{more}")
        assert answer.status_code == 200, answer.content
        body = answer.json()
        assert body["total"] == len(body["tickets"])
        return [ticket["subject"] for ticket in body["tickets"]]

    return searched


def opened(owner, subject: str, *said: str) -> Ticket:
    ticket = services.open_ticket(owner, subject, said[0] if said else "Nothing else is said.")
    for words in said[1:]:
        services.post_message(ticket.public_id, owner, words)
    return ticket


@pytest.fixture
def printer(alice) -> Ticket:
    return opened(alice, "Printer on fire", "It burns since Monday.", "The paper tray is gone as well.")
