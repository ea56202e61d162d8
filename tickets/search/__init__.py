"""Searching tickets by the words of their subjects and messages.

What is found: tickets in which the subject, or one message, holds all the words. All in one place rather
than anywhere in the ticket, for a long conversation holds nearly every word somewhere. The last word may
be the beginning of one, for people look while they type; `"several words"` stand side by side. `#12` is
the ticket of that number, `12` finds it too, and a ticket's id finds that ticket.

The list stays sorted by activity, so a page is found in one of three ways:

* words few tickets hold: collect these from the index, and sort them;
* words some hold: collect these, or the late ones of them (`late`), and walk through the tickets as sorted
  until enough are among them;
* words many hold: walk likewise, and ask the index about each.

A look at the newest rows of the index says which. Notes are looked at for staff alone: an owner learns
from no search what a note holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL

from accounts.models import User
from hazesite.api import MAX_TOTAL, bounded_total
from tickets.models import TicketQuerySet
from tickets.search import postgres, sqlite
from tickets.search.terms import Condition, Needle, Wanted, terms_of

NUMBER = re.compile(r"(#?)([0-9]{1,18})", re.ASCII)
PUBLIC_ID = re.compile(r"[A-Za-z0-9]{20,32}", re.ASCII)


@dataclass(frozen=True)
class Found:
    rows: TicketQuerySet
    """All that match, not yet sorted."""
    to_count: TicketQuerySet | None = None
    """The same, where they are counted in another way."""
    some: TicketQuerySet | None = None
    """Of those, some that are quickly counted; often enough for the total."""
    is_collected: bool = False
    """Whoever asks for a part of `rows` has all of them read, and learns their number for nothing."""

    def total(self) -> int:
        """How many there are, counted to 1000 and no further."""
        if self.some is not None and bounded_total(self.some) == MAX_TOTAL:
            return MAX_TOTAL
        return bounded_total(self.rows if self.to_count is None else self.to_count)


def matching(
    rows: TicketQuerySet,
    query: str,
    reader: User,
    *,
    filtered: bool = False,
    first: int = 0,
    states: tuple[str, ...] = (),
) -> Found:
    """Of `rows`, which are visible to `reader`, those the query asks for. One to four small queries.

    `filtered`: these are not all the reader may see. `first`: that many with the latest activity are all that
    is wanted. `states`: all of `rows` are in these, and few tickets are.

    Whatever was typed is looked for, never refused; what holds no letter and no digit finds nothing.
    """
    query = query.strip()
    number = NUMBER.fullmatch(query)
    if (exact := _named(rows, query, number)) is not None:
        return Found(exact)
    owners = not reader.is_staff
    narrow = owners or filtered
    wanted = Wanted(reader.is_staff, 0 if narrow else first, () if owners else states)
    needle = _understood(query, wanted)
    by_number = Q(pk=int(number[2])) if number else Q()
    if needle is None:
        return Found(rows.filter(by_number) if number else rows.none())
    if needle.is_collected and wanted.states:
        rows = rows.filter(status__in=states)  # the same, said so that the index of states is found
    return _found(rows, needle, by_number, owners=owners, narrow=narrow)


def _named(rows: TicketQuerySet, query: str, number: re.Match[str] | None) -> TicketQuerySet | None:
    """The one whose number or id this is, and can be nothing else."""
    if number and number[1]:
        return rows.filter(pk=int(number[2]))
    if PUBLIC_ID.fullmatch(query) and (exact := rows.filter(public_id=query)).exists():
        return exact
    return None


def _understood(query: str, wanted: Wanted) -> Needle | None:
    terms = terms_of(query)
    engine = postgres if connection.vendor == "postgresql" else sqlite
    return engine.understood(terms, wanted) if terms else None


def _found(rows: TicketQuerySet, needle: Needle, or_else: Q, *, owners: bool, narrow: bool) -> Found:
    """`narrow`: others than `rows` may match too, and a walk does not meet them; `owners`: nearly all."""

    def among(condition: Condition) -> TicketQuerySet:
        return rows.filter(Q(_sql(condition)) | or_else)

    return Found(
        among(needle.page),
        among(needle.count) if needle.count and not narrow else None,
        among(needle.some) if needle.some and not owners else None,
        needle.is_collected,
    )


def _sql(condition: Condition) -> RawSQL:
    return RawSQL(condition.sql, condition.parameters, output_field=BooleanField())  # noqa: S611
