"""What the clients said and what they were answered, and what nobody may ever be told."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field

PUBLIC, NOTE = "SAID", "NOTE"
"""The first word of every text: who must not see it shows by it."""
DESCRIPTION, CLOSING = f"{PUBLIC} since this morning", f"{PUBLIC} as closing words"
"""What is said without a nonce."""


@dataclass
class Entry:
    """A message on its way. It keeps its nonce until the server has it."""

    number: int
    device: str
    author: str
    ticket: str
    text: str
    note: bool = False
    texts: set[str] = field(default_factory=set)
    """Whatever it may say by now: edits whose answer got lost may or may not have happened."""
    message_id: str = ""
    """Set when it is acknowledged."""
    refused: str = ""
    deleting: bool = False
    """Somebody asked for it to be deleted."""
    deleted: bool = False
    """That was acknowledged."""
    attempts: int = 0

    @property
    def nonce(self) -> str:
        return f"{self.device}-{self.number}"


@dataclass
class Ledger:
    entries: list[Entry] = field(default_factory=list)
    opened: dict[str, str] = field(default_factory=dict)
    """The ids of tickets whose opening was acknowledged, by nonce."""
    wrongs: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def write(self, device: str, author: str, ticket: str, note: bool) -> Entry:
        number = next(self._numbers)
        text = f"{NOTE if note else PUBLIC} {number} of {device}"
        entry = Entry(number, device, author, ticket, text, note, {text})
        self.entries.append(entry)
        return entry

    def wrong(self, sentence: str) -> None:
        if len(self.wrongs) < 50:
            self.wrongs.append(sentence)

    @property
    def acknowledged(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.message_id]
