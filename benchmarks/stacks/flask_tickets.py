"""A ticket with its messages as a Flask view with plain SQL gives it, under waitress or gevent.

    python -m benchmarks.stacks.flask_tickets waitress
    python -m gevent.monkey --module benchmarks.stacks.flask_tickets gevent

It verifies the same token and its session's row, and answers with the same JSON from the same tables. It
takes `JWT_KEY`, and `SQLITE` (a file) or `DATABASE_URL` (PostgreSQL).
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from datetime import UTC, datetime
from typing import Any

import jwt
import psycopg
from flask import Flask, Response, jsonify, request
from psycopg.rows import dict_row

from benchmarks.stacks.flask_serving import serve

SQLITE = os.environ.get("SQLITE", "")
KEY = os.environ["JWT_KEY"]
SIGN_IN = """
    SELECT u.id, u.is_active, s.generation, s.expires_at, s.ended_at
    FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id WHERE s.key = ?
"""
TICKET = """
    SELECT t.*, o.user_id AS user_id, o.username AS user_name, o.avatar AS user_avatar,
        a.user_id AS assigned, c.user_id AS claimed, m.content AS last_message,
        m.created_at AS last_message_at,
        into_.public_id AS merged, r.score, r.comment, r.created_at AS rated_at,
        t.message_count - COALESCE(k.message_count, 0) AS unread
    FROM tickets_ticket t JOIN accounts_user o ON o.id = t.owner_id
    LEFT JOIN accounts_user a ON a.id = t.assigned_to_id LEFT JOIN accounts_user c ON c.id = t.claimed_by_id
    LEFT JOIN tickets_message m ON m.id = t.last_message_id
    LEFT JOIN tickets_ticket into_ ON into_.id = t.merged_into_id
    LEFT JOIN tickets_rating r ON r.ticket_id = t.id
    LEFT JOIN tickets_readmark k ON k.ticket_id = t.id AND k.user_id = ?
    WHERE t.public_id = ? AND t.owner_id = ? AND t.deleted_at IS NULL
"""
TAGS = "SELECT name FROM tickets_tickettag WHERE ticket_id = ? ORDER BY name"
MESSAGES = """
    SELECT m.*, u.user_id AS author_name_id, u.username, u.avatar
    FROM tickets_message m JOIN accounts_user u ON u.id = m.author_id
    WHERE m.ticket_id = ? AND NOT m.is_note AND m.deleted_at IS NULL ORDER BY m.seq DESC LIMIT 100
"""
app = Flask(__name__)
app.json.sort_keys = False  # type: ignore[attr-defined]
mine = threading.local()


def rows(sql: str, *values: Any) -> list[Any]:
    """On a connection of this thread's own, kept open."""
    if not hasattr(mine, "connection"):
        if SQLITE:
            mine.connection = sqlite3.connect(SQLITE)
            mine.connection.row_factory = sqlite3.Row
        else:
            address = os.environ["DATABASE_URL"]
            mine.connection = psycopg.connect(address, autocommit=True, row_factory=dict_row)
    return list(mine.connection.execute(sql if SQLITE else sql.replace("?", "%s"), values))


def moment(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.replace(' ', 'T').removesuffix('.000000')}Z"


def loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def signed_in() -> int | None:
    """Whose token it is."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="hazebot", issuer="hazebot")
    except jwt.PyJWTError:
        return None
    found = rows(SIGN_IN, claims["session_id"])
    if not found or not found[0]["is_active"] or found[0]["ended_at"] is not None:
        return None
    expired = (moment(found[0]["expires_at"]) or "") < (moment(datetime.now(UTC)) or "")
    return None if expired or found[0]["generation"] != claims["gen"] else found[0]["id"]


def message(row: Any) -> dict[str, Any]:
    return {
        "id": f"msg_{row['id']}",
        "seq": row["seq"],
        "author_id": row["author_name_id"],
        "author_name": row["username"],
        "author_avatar": row["avatar"] or None,
        "content": row["content"],
        "timestamp": moment(row["created_at"]),
        "edited_at": moment(row["edited_at"]),
        "is_admin": bool(row["by_staff"]),
        "is_note": bool(row["is_note"]),
        "source": row["source"],
        "attachments": loaded(row["attached"]),
        "mentions": loaded(row["mentioned"]),
        "client_nonce": row["client_nonce"],
        "deleted": False,
    }


def rating(ticket: Any) -> dict[str, Any] | None:
    if ticket["score"] is None:
        return None
    return {"score": ticket["score"], "comment": ticket["comment"], "at": moment(ticket["rated_at"])}


@app.get("/api/tickets/<ticket_id>")
def read(ticket_id: str) -> tuple[Response, int]:
    user = signed_in()
    if user is None:
        return jsonify(error="Sign in first.", code="unauthorized"), 401
    found = rows(TICKET, user, ticket_id, user)
    if not found:
        return jsonify(error="There is no such ticket.", code="not_found"), 404
    ticket = found[0]
    answer = {
        "ticket_id": ticket["public_id"],
        "ticket_num": ticket["id"],
        "user_id": ticket["user_id"],
        "user_name": ticket["user_name"],
        "status": ticket["status"],
        "type": ticket["type"],
        "priority": ticket["priority"],
        "tags": [row["name"] for row in rows(TAGS, ticket["id"])],
        "subject": ticket["subject"],
        "created_at": moment(ticket["created_at"]),
        "last_message": ticket["last_message"] or "",
        "last_message_at": moment(ticket["last_message_at"]),
        "unread_count": ticket["unread"],
        "assigned_to": ticket["assigned"],
        "claimed_by": ticket["claimed"],
        "awaiting": ticket["awaiting"],
        "last_seq": ticket["last_public_seq"],
        "user_avatar": ticket["user_avatar"] or None,
        "closed_at": moment(ticket["closed_at"]),
        "answers": loaded(ticket["answers"]),
        "merged_into": ticket["merged"],
        "rating": rating(ticket),
        "messages": [message(row) for row in rows(MESSAGES, ticket["id"])][::-1],
    }
    return jsonify(answer), 200


serve(app)
