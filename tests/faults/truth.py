"""What the database holds, read by plain SQL: the code that is tested has no part in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg


class Step(NamedTuple):
    """A row of a ticket's stream."""

    seq: int
    previous_public: int
    internal: bool
    kind: str
    message: int | None


class Said(NamedTuple):
    """A row of a ticket's messages."""

    id: int
    seq: int
    author: str
    content: str
    nonce: str | None
    note: bool
    edited: bool
    deleted: bool


@dataclass
class Truth:
    database: str
    """A PostgreSQL address, or the path of a SQLite file."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        if self.database.startswith("postgres"):
            with psycopg.connect(self.database, connect_timeout=2) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            return connection.execute(query).fetchall()

    def write(self, statement: str) -> None:
        if self.database.startswith("postgres"):
            with psycopg.connect(self.database) as connection:
                connection.execute(statement)  # type: ignore[arg-type]
        else:
            with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
                connection.execute(statement)

    def heads(self) -> dict[str, tuple[int, int]]:
        """How far each ticket's stream is, for staff and for its owner."""
        query = "SELECT public_id, last_seq, last_public_seq FROM tickets_ticket"
        return {name: (last, public) for name, last, public in self.rows(query)}

    def steps(self, ticket: str) -> list[Step]:
        found = self.rows(
            "SELECT e.seq, e.previous_public_seq, e.is_internal, e.type, e.message_id"
            " FROM tickets_ticketevent e"
            f" JOIN tickets_ticket t ON t.id = e.ticket_id WHERE t.public_id = '{ticket}' ORDER BY e.seq"
        )
        return [Step(seq, previous, bool(internal), *rest) for seq, previous, internal, *rest in found]

    def messages(self, ticket: str) -> list[Said]:
        found = self.rows(
            "SELECT m.id, m.seq, u.username, m.content, m.client_nonce, m.is_note, m.edited_at, m.deleted_at"
            " FROM tickets_message m JOIN tickets_ticket t ON t.id = m.ticket_id"
            f" JOIN accounts_user u ON u.id = m.author_id WHERE t.public_id = '{ticket}' ORDER BY m.seq"
        )
        return [
            Said(*row[:5], bool(note), edited is not None, deleted is not None)
            for *row, note, edited, deleted in found
        ]

    def counts(self, ticket: str) -> tuple[int, int, int, int]:
        """`last_seq`, `last_public_seq`, `message_count`, `note_count` of the ticket's row."""
        columns = "last_seq, last_public_seq, message_count, note_count"
        (found,) = self.rows(f"SELECT {columns} FROM tickets_ticket WHERE public_id = '{ticket}'")
        return found  # type: ignore[return-value]

    def marks(self, ticket: str) -> list[tuple[int, int, int]]:
        """`seq`, `message_count`, `note_count` of each reader's mark."""
        return self.rows(  # type: ignore[return-value]
            "SELECT m.seq, m.message_count, m.note_count FROM tickets_readmark m"
            f" JOIN tickets_ticket t ON t.id = m.ticket_id WHERE t.public_id = '{ticket}'"
        )

    def opened(self) -> list[tuple[str, str, str]]:
        """Nonce, subject and id of each ticket that was opened with a nonce."""
        columns = "client_nonce, subject, public_id"
        return self.rows(  # type: ignore[return-value]
            f"SELECT {columns} FROM tickets_ticket WHERE client_nonce IS NOT NULL"
        )

    def jobs(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM hazesite_job WHERE task LIKE 'tests.%'")]
