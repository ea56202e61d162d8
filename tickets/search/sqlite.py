"""The search on SQLite: FTS5."""

from __future__ import annotations

import json
import re
import unicodedata

from django.db import connection

from tickets.search.index import respelt
from tickets.search.terms import Condition, Needle, Term, Wanted

INDEXED_BEGINNINGS = (2, 3)
MAX_ENDINGS = 16
LOOK, ENOUGH = 2000, 20_000
MANY = 0.1  # of the newest tickets
SOME, AT_LEAST = 0.005, 500  # of the newest tickets, and tickets altogether
WORD = re.compile(r"[^\W_]+")

# Each step seeks the next word; reading on would read every place the word stands.
ENDINGS = """
WITH RECURSIVE found(term) AS (
    SELECT (SELECT term FROM tickets_search_terms WHERE term >= %s LIMIT 1)
    UNION ALL
    SELECT (SELECT term FROM tickets_search_terms WHERE term >= found.term || char(1) LIMIT 1)
    FROM found WHERE found.term < %s
)
SELECT term FROM found WHERE term < %s LIMIT %s"""
NEWEST = """
SELECT tickets, oldest, newest, CASE WHEN tickets >= %s * (newest - oldest + 1) THEN (
    SELECT count(*) FROM (SELECT 1 FROM tickets_search WHERE tickets_search MATCH %s LIMIT %s)
) END FROM (
    SELECT count(DISTINCT rowid >> 32) AS tickets, min(rowid) >> 32 AS oldest,
        (SELECT max(id) FROM tickets_ticket) AS newest
    FROM (SELECT rowid FROM tickets_search WHERE tickets_search MATCH %s ORDER BY rowid DESC LIMIT %s)
)"""
HITS = "SELECT rowid >> 32 FROM tickets_search WHERE tickets_search MATCH %s"
# The signs keep the planner from setting out there.
SINCE = """ AND rowid >= (
    SELECT coalesce(min(+id), 0) FROM tickets_ticket WHERE status IN (SELECT value FROM json_each(%s))
) << 32"""
COLLECTED = f"tickets_ticket.id IN ({HITS})"
COLLECTED_SINCE = f"tickets_ticket.id IN ({HITS}{SINCE})"
MEMBER, MEMBER_SINCE = f"+{COLLECTED}", f"+{COLLECTED_SINCE}"
A_PART = f"tickets_ticket.id IN ({HITS} ORDER BY rowid DESC LIMIT {ENOUGH})"
PROBE = """EXISTS (
    SELECT 1 FROM tickets_search WHERE tickets_search MATCH %s
    AND rowid >= tickets_ticket.id << 32 AND rowid < (tickets_ticket.id + 1) << 32
)"""


def understood(terms: list[Term], wanted: Wanted) -> Needle | None:
    """None where nothing can match."""
    parts, cheap = zip(*(_phrase(term) for term in terms), strict=True)
    expression = " AND ".join(f"({part})" for part in parts)
    if not wanted.notes:
        expression = f"said : ({expression})"
    return _needle(expression, wanted.states, is_cheap=all(cheap))


def _phrase(term: Term) -> tuple[str, bool]:
    """One term in FTS5's language, and whether the index can be asked for it often."""
    text = respelt(term.text)
    words = WORD.findall(_without_accents(text).lower())
    if not term.unfinished or not words or len(words[-1]) == 1:
        return _quoted(text), True
    if len(words[-1]) in INDEXED_BEGINNINGS:
        return f"{_quoted(text)} *", True
    endings = _endings(words[-1])
    if not 0 < len(endings) <= MAX_ENDINGS:
        return f"{_quoted(text)} *", not endings
    lead = " ".join(words[:-1])
    return " OR ".join(_quoted(f"{lead} {ending}") for ending in endings), True


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', " ").replace("\0", " "))


def _without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def _endings(beginning: str) -> list[str]:
    """The words of the index that begin so, up to one more than `MAX_ENDINGS`."""
    beyond = beginning + "\U0010ffff"
    with connection.cursor() as cursor:
        cursor.execute(ENDINGS, (beginning, beyond, beyond, MAX_ENDINGS + 1))
        return [term for (term,) in cursor.fetchall()]


def _needle(expression: str, states: tuple[str, ...], *, is_cheap: bool) -> Needle:
    """Reading a hit costs a twentieth of a microsecond, asking about one ticket some hundred times that."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, (MANY, expression, ENOUGH, expression, LOOK))
        tickets, oldest, newest, hits = cursor.fetchone()
    collected, member, part, probe = (
        Condition(sql, (expression,)) for sql in (COLLECTED, MEMBER, A_PART, PROBE)
    )
    if hits == ENOUGH and is_cheap:
        return Needle(probe, collected, part)
    some = bool(tickets) and tickets >= max(AT_LEAST, SOME * (newest - oldest + 1))
    if states:
        since = MEMBER_SINCE if some else COLLECTED_SINCE
        return Needle(Condition(since, (expression, json.dumps(states))), is_collected=True)
    return Needle(member, collected) if some else Needle(collected, is_collected=True)
