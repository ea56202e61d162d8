"""As `flask_tickets`, the way it is usually written: models of Flask-SQLAlchemy, a log line for each request.

python -m benchmarks.stacks.flask_orm_tickets waitress
python -m gevent.monkey --module benchmarks.stacks.flask_orm_tickets gevent
"""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import jwt
from flask import Flask, Response, abort, g, jsonify, request
from sqlalchemy import and_, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from benchmarks.stacks.flask_models import Message, Rating, ReadMark, Session, Ticket, User, db
from benchmarks.stacks.flask_serving import serve

KEY = os.environ["JWT_KEY"]
SQLITE = os.environ.get("SQLITE", "")


app = Flask(__name__)
ADDRESS = make_url(f"sqlite:///{SQLITE}" if SQLITE else os.environ["DATABASE_URL"])
app.config["SQLALCHEMY_DATABASE_URI"] = ADDRESS if SQLITE else ADDRESS.set(drivername="postgresql+psycopg")
app.json.sort_keys = False  # type: ignore[attr-defined]
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
db.init_app(app)


@app.before_request
def begin() -> None:
    g.began = time.perf_counter()


@app.after_request
def log(response: Response) -> Response:
    took = (time.perf_counter() - g.began) * 1000
    app.logger.info("%s %s %s %.1f ms", request.method, request.path, response.status_code, took)
    return response


def signed_in(view: Any) -> Any:
    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, KEY, algorithms=["HS256"], audience="hazebot", issuer="hazebot")
        except jwt.PyJWTError:
            abort(401)
        session = db.session.scalar(select(Session).where(Session.key == claims["session_id"]))
        now = datetime.now(UTC)
        if session is None or session.ended_at or not session.user.is_active:
            abort(401)
        if in_utc(session.expires_at) < now or session.generation != claims["gen"]:
            abort(401)
        g.user = session.user
        return view(*args, **kwargs)

    return checked


def in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment(value: datetime | None) -> str | None:
    return in_utc(value).isoformat().replace("+00:00", "Z") if value else None


def message_json(message: Message) -> dict[str, Any]:
    return {
        "id": f"msg_{message.id}",
        "seq": message.seq,
        "author_id": message.author.user_id,
        "author_name": message.author.username,
        "author_avatar": message.author.avatar or None,
        "content": message.content,
        "timestamp": moment(message.created_at),
        "edited_at": moment(message.edited_at),
        "is_admin": message.by_staff,
        "is_note": message.is_note,
        "source": message.source,
        "attachments": message.attached,
        "mentions": message.mentioned,
        "client_nonce": message.client_nonce,
        "deleted": False,
    }


def rating_json(rating: Rating | None) -> dict[str, Any] | None:
    if rating is None:
        return None
    return {"score": rating.score, "comment": rating.comment, "at": moment(rating.created_at)}


def ticket_of(user: User, ticket_id: str) -> Ticket | None:
    mine = aliased(ReadMark)
    found: Ticket | None = db.session.scalar(
        select(Ticket)
        .outerjoin(mine, and_(mine.ticket_id == Ticket.id, mine.user_id == user.id))
        .where(Ticket.public_id == ticket_id, Ticket.owner_id == user.id, Ticket.deleted_at.is_(None))
        .options(
            joinedload(Ticket.owner),
            joinedload(Ticket.assigned_to),
            joinedload(Ticket.claimed_by),
            joinedload(Ticket.last_message),
            joinedload(Ticket.merged_into),
            joinedload(Ticket.rating),
            contains_eager(Ticket.marks.of_type(mine)),
            selectinload(Ticket.tags),
        )
    )
    return found


def messages_of(ticket: Ticket) -> list[Message]:
    query = (
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.is_note.is_(False), Message.deleted_at.is_(None))
        .options(joinedload(Message.author))
        .order_by(Message.seq.desc())
        .limit(100)
    )
    return list(db.session.scalars(query))[::-1]


@app.get("/api/tickets/<ticket_id>")
@signed_in
def read(ticket_id: str) -> Response:
    ticket = ticket_of(g.user, ticket_id)
    if ticket is None:
        abort(404)
    last, mark = ticket.last_message, ticket.marks[0] if ticket.marks else None
    return jsonify(
        {
            "ticket_id": ticket.public_id,
            "ticket_num": ticket.id,
            "user_id": ticket.owner.user_id,
            "user_name": ticket.owner.username,
            "status": ticket.status,
            "type": ticket.type,
            "priority": ticket.priority,
            "tags": [tag.name for tag in ticket.tags],
            "subject": ticket.subject,
            "created_at": moment(ticket.created_at),
            "last_message": last.content if last else "",
            "last_message_at": moment(last.created_at) if last else None,
            "unread_count": ticket.message_count - (mark.message_count if mark else 0),
            "assigned_to": ticket.assigned_to.user_id if ticket.assigned_to else None,
            "claimed_by": ticket.claimed_by.user_id if ticket.claimed_by else None,
            "awaiting": ticket.awaiting,
            "last_seq": ticket.last_public_seq,
            "user_avatar": ticket.owner.avatar or None,
            "closed_at": moment(ticket.closed_at),
            "answers": ticket.answers,
            "merged_into": ticket.merged_into.public_id if ticket.merged_into else None,
            "rating": rating_json(ticket.rating),
            "messages": [message_json(message) for message in messages_of(ticket)],
        }
    )


serve(app)
