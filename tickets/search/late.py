"""Words that some tickets hold, on PostgreSQL: the late tickets first.

To collect all tickets that hold such a word is a row to be fetched for each of them, and the first page shows
but a few. The index knows groups of tickets by number: the hits of the last groups are collected, which
takes as long in a large community as in a small one, and on the walk through the tickets as sorted the late
ones are looked for among these; the few earlier ones, that somebody came back to, are asked one by one.

Where only tickets in some states are wanted, the hits of their groups are collected. Open tickets are mostly
late ones.
"""

from __future__ import annotations

from django.db import connection

from tickets.search.index import POSTGRES_GROUP, POSTGRES_GROUP_BITS
from tickets.search.terms import Condition

MOST = 5000
ONE_IN = 2  # groups, no more may be named: else that leaves out too little
# Microseconds: to collect a hit with its ticket, and to pass by a ticket on the walk.
COLLECTING, PASSING = 3, 1

# ruff: noqa: S608 - all of it is written here.
AND_IN_GROUPS = f" AND {POSTGRES_GROUP} && %s::bigint[]"
LOOK = f"""SELECT last, ARRAY(
    SELECT ticket_id FROM tickets_search
    WHERE words @@ %s::tsquery AND {POSTGRES_GROUP} && ARRAY[
        (last >> {POSTGRES_GROUP_BITS}) - %s, last >> {POSTGRES_GROUP_BITS}
    ] LIMIT {MOST}
) FROM (SELECT coalesce(max(id), 0) AS last FROM tickets_ticket) ends"""
GROUPS = f"""SELECT last_group, CASE WHEN last_group >= {ONE_IN} THEN ARRAY(
    SELECT DISTINCT id >> {POSTGRES_GROUP_BITS} FROM tickets_ticket WHERE status = ANY(%s)
) END FROM (SELECT max(id) >> {POSTGRES_GROUP_BITS} AS last_group FROM tickets_ticket) ends"""
# `CASE` within: the planner would collect all hits to ask about one ticket.
WALK = """CASE WHEN tickets_ticket.id >= %s THEN tickets_ticket.id = ANY(%s) ELSE EXISTS (
    SELECT 1 FROM tickets_search found WHERE found.ticket_id = tickets_ticket.id
    AND CASE WHEN found.words @@ %s::tsquery THEN TRUE END
) END"""


def walk(words: str, wanted: int) -> Condition | None:
    """For the `wanted` tickets with the latest activity; None where collecting all is quicker."""
    for more in (0, 1):  # groups beside the last, which may have begun just now
        with connection.cursor() as cursor:
            cursor.execute(LOOK, (words, more))
            last, hits = cursor.fetchone()
        tickets = set(hits)
        first = ((last >> POSTGRES_GROUP_BITS) - more) << POSTGRES_GROUP_BITS
        if len(hits) < MOST and _is_quicker(len(tickets), wanted, last - first + 1, last):
            return Condition(WALK, (first, list(tickets), words))
        if first <= 0:
            break
    return None


def groups_of(states: tuple[str, ...]) -> list[int] | None:
    """Those with tickets in one of these states; None where that would leave out too little."""
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, (list(states),))
        last, groups = cursor.fetchone()
    return None if groups is None or ONE_IN * len(groups) > last + 1 else groups


def _is_quicker(tickets: int, wanted: int, late: int, last: int) -> bool:
    """Of `late` tickets so many hold the words, and probably as many of the others up to the `last`."""
    return tickets >= wanted and COLLECTING * tickets * last / late > PASSING * wanted * late / tickets
