"""The event every stack sends: about 650 bytes, as a message of a ticket looks."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict

EVENT = "new_message"
_numbers = defaultdict(itertools.count)


def new_message(room: str, size: int) -> dict:
    """`size`: characters of the message's text. `t` and `n` come first, where the client looks for them."""
    number = next(_numbers[room]) + 1
    text = ("Since this morning nothing happens when I start it. " * (size // 52 + 1))[:size]
    return {
        "t": time.time(),
        "n": number,
        "ticket_id": room,
        "seq": number,
        "prev_seq": number - 1,
        "messageData": {
            "id": 1_000_000 + number,
            "ticket_id": room,
            "author_id": "100000000000000017",
            "author_name": "moira",
            "content": text,
            "role": "moderator",
            "is_admin": False,
            "is_internal": False,
            "is_bot": False,
            "timestamp": "2026-01-01T12:00:00.000000Z",
            "edited_at": None,
            "attachments": [],
            "source": "app",
            "client_nonce": "7b1c2b0e-8a55-4c3f-9d55-0c5b7a1d9f00",
        },
    }
