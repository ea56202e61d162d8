"""The tables that `flask_orm_tickets` reads, as models of Flask-SQLAlchemy, with the columns it needs.

In a module of its own: what gevent's monkey runs as the main one is not found by SQLAlchemy under its name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class User(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "accounts_user"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str]
    username: Mapped[str]
    avatar: Mapped[str]
    is_active: Mapped[bool]


class Session(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "accounts_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    generation: Mapped[int]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


class Message(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "tickets_message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    seq: Mapped[int]
    content: Mapped[str]
    attached: Mapped[Any] = mapped_column(JSON)
    mentioned: Mapped[Any] = mapped_column(JSON)
    is_note: Mapped[bool]
    by_staff: Mapped[bool]
    source: Mapped[str]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    client_nonce: Mapped[str | None]
    author: Mapped[User] = relationship()


class Tag(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "tickets_tickettag"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets_ticket.id"))
    name: Mapped[str]


class Rating(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "tickets_rating"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets_ticket.id"))
    score: Mapped[int]
    comment: Mapped[str]
    created_at: Mapped[datetime]


class ReadMark(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "tickets_readmark"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets_ticket.id"))
    user_id: Mapped[int]
    message_count: Mapped[int]


class Ticket(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "tickets_ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey(User.id))
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
    last_message_id: Mapped[int | None] = mapped_column(ForeignKey(Message.id))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets_ticket.id"))
    subject: Mapped[str]
    status: Mapped[str]
    type: Mapped[str]
    priority: Mapped[str]
    awaiting: Mapped[str]
    answers: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    last_public_seq: Mapped[int]
    message_count: Mapped[int]
    owner: Mapped[User] = relationship(foreign_keys=[owner_id])
    assigned_to: Mapped[User | None] = relationship(foreign_keys=[assigned_to_id])
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id])
    last_message: Mapped[Message | None] = relationship(foreign_keys=[last_message_id])
    merged_into = relationship("Ticket", remote_side="Ticket.id")
    rating: Mapped[Rating | None] = relationship(uselist=False)
    tags: Mapped[list[Tag]] = relationship(order_by=Tag.name)
    marks: Mapped[list[ReadMark]] = relationship()
