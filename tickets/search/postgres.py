"""The search on PostgreSQL: `tsvector`."""

from __future__ import annotations

import unicodedata

from django.db import connection

from tickets.search import late
from tickets.search.terms import Condition, Needle, Term, Wanted

LOOK, TRIED, ENOUGH = 2000, 5000, 1200
MANY, MOST = 0.005, 0.05  # of the newest messages

WORDS = "phraseto_tsquery('pg_catalog.simple', tickets_folded(%s))"
BEGINNING = f"({WORDS} <-> to_tsquery('pg_catalog.simple', '''' || tickets_folded(%s) || ''':*'))"
# One look says how the database reads the query, and how common that is.
NEWEST = """
WITH wanted AS MATERIALIZED (SELECT {query} AS words)
SELECT words::text, (
    SELECT count(*) FROM (SELECT words FROM tickets_search ORDER BY id DESC LIMIT %s) newest
    WHERE newest.words @@ wanted.words
) FROM wanted"""
# An array, not `IN`: the planner, who thinks every word common, would walk the whole list for a rare one.
COLLECTED = """tickets_ticket.id = ANY (ARRAY (
    SELECT ticket_id FROM tickets_search WHERE words @@ %s::tsquery{audience}{more}
))"""
PROBE = """EXISTS (
    SELECT 1 FROM tickets_search found WHERE found.ticket_id = tickets_ticket.id
    AND found.words @@ %s::tsquery{audience}
)"""


def understood(terms: list[Term], wanted: Wanted) -> Needle | None:
    """None where nothing can match."""
    parts, parameters = [], []
    for term in terms:
        part, texts = _phrase(term)
        parts.append(part)
        parameters += texts
    with connection.cursor() as cursor:
        cursor.execute(NEWEST.format(query=" && ".join(parts)), (*parameters, LOOK))
        words, hits = cursor.fetchone()
    return _needle(words, hits, wanted) if words else None


def _needle(words: str, hits: int, wanted: Wanted) -> Needle:
    audience = "" if wanted.notes else " AND NOT is_note"

    def condition(sql: str, more: str = "", *parameters: object) -> Condition:
        return Condition(sql.format(audience=audience, more=more), (words, *parameters))

    if hits < MANY * LOOK:
        if wanted.first and (walk := late.walk(words, wanted.first)) is not None:
            return Needle(walk, condition(COLLECTED), condition(COLLECTED, f" LIMIT {ENOUGH}"))
        if wanted.states and (groups := late.groups_of(wanted.states)) is not None:
            return Needle(condition(COLLECTED, late.AND_IN_GROUPS, groups), is_collected=True)
        return Needle(condition(COLLECTED), is_collected=True)
    some = None if hits >= MOST * LOOK else condition(COLLECTED, f" LIMIT {TRIED}")
    return Needle(condition(PROBE), some=some)


def _phrase(term: Term) -> tuple[str, list[str]]:
    text = term.text.replace("\0", " ")
    end = next(place for place in range(len(text), 0, -1) if text[place - 1].isalnum())
    start = end
    while start and (text[start - 1].isalnum() or unicodedata.combining(text[start - 1])):
        start -= 1
    if not term.unfinished or end - start == 1:
        return WORDS, [text]
    return BEGINNING, [text[:start], text[start:end]]
