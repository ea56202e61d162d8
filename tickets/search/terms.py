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
class Needle:
    """A query as conditions in SQL on a row of `tickets_ticket`: three ways to ask the same."""

    collected: str
    """It is among all that match."""
    some: str
    """It is among some of them, no more than are read in a moment. Empty: a walk counts as fast."""
    probe: str
    """The index says of this one ticket that it matches."""
    parameters: tuple[object, ...]
    """Of any of the three."""
    many: bool
    """So many tickets match that a walk through the list meets them soon."""


def terms_of(query: str) -> list[Term]:
    """Nothing in a query is refused: what holds neither letter nor digit asks for nothing."""
    found = [
        Term(quoted or word, unfinished=end != '"')
        for quoted, end, word in PARTS.findall(query)
        if any(sign.isalnum() for sign in quoted or word)
    ]
    return [Term(term.text, term.unfinished and term is found[-1]) for term in found]
