"""Requests and answers that the API's document shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

A_MESSAGE: dict[str, Any] = {
    "id": "msg_17",
    "seq": 1,
    "author_id": "u1",
    "author_name": "alice",
    "author_avatar": None,
    "content": "Since this morning nothing happens.",
    "timestamp": "2026-01-05T10:30:00.123456Z",
    "edited_at": None,
    "is_admin": False,
    "is_note": False,
    "source": "app",
    "attachments": [],
    "mentions": [],
    "client_nonce": "b1946ac9",
    "deleted": False,
}
A_SUMMARY: dict[str, Any] = {
    "ticket_id": "mUrgIjJm0ucfmn6eh6lc",
    "ticket_num": 12,
    "user_id": "u1",
    "user_name": "alice",
    "status": "open",
    "type": "support",
    "priority": "normal",
    "tags": [],
    "subject": "It does not start",
    "created_at": "2026-01-05T10:30:00.123456Z",
    "last_message": "Since this morning nothing happens.",
    "last_message_at": "2026-01-05T10:30:00.123456Z",
    "unread_count": 0,
    "assigned_to": None,
    "claimed_by": None,
    "awaiting": "staff",
    "last_seq": 1,
}
A_TICKET = {
    **A_SUMMARY,
    "user_avatar": None,
    "closed_at": None,
    "answers": [],
    "merged_into": None,
    "rating": None,
    "messages": [A_MESSAGE],
}


def _answer(name: str, value: object, status: str = "200") -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True, status_codes=[status])


OPENED = [
    OpenApiExample(
        "a question",
        {
            "subject": "It does not start",
            "description": "Since this morning nothing happens.",
            "client_nonce": "b1946ac9",
        },
        request_only=True,
    ),
    _answer("opened", A_TICKET, "201"),
]
READ = [_answer("with its messages", A_TICKET)]
LISTED = [_answer("one page", {"tickets": [A_SUMMARY], "next_cursor": None, "total": 1})]
SAID = [
    OpenApiExample(
        "a message",
        {"message": "Since this morning nothing happens.", "client_nonce": "b1946ac9"},
        request_only=True,
    ),
    _answer("stored", {"success": True, "message": A_MESSAGE}),
]
CLOSED = [
    OpenApiExample("with a last word", {"close_message": "Solved, I hope."}, request_only=True),
    _answer("closed", {"success": True, "message": "Ticket closed"}),
]
HISTORY = [
    _answer(
        "what was missed",
        {
            "events": [
                {
                    "seq": 2,
                    "prev_seq": 1,
                    "type": "ticket_claimed",
                    "at": "2026-01-05T10:31:00.123456Z",
                    "actor": "u2",
                    "actor_name": "moira",
                    "data": {"status": "claimed", "claimed_by": "u2"},
                }
            ],
            "head": 2,
            "has_more": False,
        },
    )
]
