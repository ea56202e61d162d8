"""What a query asks for, before and after a database has understood it."""

from __future__ import annotations

import re
from dataclasses import dataclass

PARTS = re.compile(r'"([^"]*)("|$)|([^\s"]+)')


@dataclass(frozen=True)
class Term:
    """Words that stand side by side; mostly just one."""

    text: str
    unfinished: bool
    """Still being typed: its last word may be the beginning of one."""


@dataclass(frozen=True)
class Wanted:
    """What else is known of a search."""

    notes: bool
    """Those count too."""
    first: int = 0
    """So many with the latest activity are wanted, of all there are; 0: not that."""
    states: tuple[str, ...] = ()
    """Only tickets in these are wanted, and they are few."""


@dataclass(frozen=True)
class Condition:
    """In SQL, on a row of `tickets_ticket`. What somebody typed is in the parameters alone."""

    sql: str
    parameters: tuple[object, ...]


@dataclass(frozen=True)
class Needle:
    """What a query asks of a ticket, in the ways that are quickest for so many as match."""

    page: Condition
    """For the list as it is sorted, or a part of it."""
    count: Condition | None = None
    """For counting, where nothing else is asked of a ticket. None: as `page`."""
    some: Condition | None = None
    """Holds for some of them, which are counted in a moment."""
    is_collected: bool = False
    """By `page` all that match are read, whatever part is wanted: they may as well be counted."""


def terms_of(query: str) -> list[Term]:
    """Nothing in a query is refused: what holds neither letter nor digit asks for nothing."""
    found = [
        Term(quoted or word, unfinished=end != '"')
        for quoted, end, word in PARTS.findall(query)
        if any(sign.isalnum() for sign in quoted or word)
    ]
    return [Term(term.text, term.unfinished and term is found[-1]) for term in found]
