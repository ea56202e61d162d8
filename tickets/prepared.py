"""The queries of the busiest calls, each written once: see `hazesite.prepared`.

Everything here says what the querysets of the models say, for a reader whose key is still a blank.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.db.models import BigIntegerField, CharField, F, IntegerField, QuerySet
from django.db.models.lookups import In

from hazesite.prepared import Prepared, Slot, remember
from tickets.models import Block, Message, Reader, Ticket, TicketEvent, TicketTag, Webhook
from tickets.rendering import STAFF_FACTS

IN_A_LIST = (
    "public_id", "subject", "status", "type", "priority", "created_at", "awaiting", "active_at", "last_seq",
    "last_public_seq", *STAFF_FACTS, "owner__user_id", "owner__username", "assigned_to__user_id",
    "claimed_by__user_id", "last_message__content", "last_message__attached", "last_message__created_at",
)  # fmt: skip
"""What `summary_json` shows and the cursor needs: the rest of the five rows costs as much again."""
SHAPES = 64
"""How many limits of pages are kept; any other costs what an ordinary query does."""


@dataclass(frozen=True)
class _Anybody:
    pk: Any
    is_staff: bool


def _reader(*, staff: bool) -> Reader:
    return _Anybody(Slot("reader", BigIntegerField()), staff)


def _ticket_id() -> Slot:
    return Slot("ticket_id", CharField())


def _ticket() -> Slot:
    return Slot("ticket", BigIntegerField())


# --- a ticket ----------------------------------------------------------------
def whole_ticket(ticket_id: str, reader: Reader) -> Ticket | None:
    """With people, tags, last message, rating and `unread`. Two queries."""
    ticket = _whole(reader.is_staff).first(ticket_id=ticket_id, reader=reader.pk)
    if ticket is not None:
        remember(ticket, "tag_rows", _tags().all(ticket=ticket.pk))
    return ticket


@cache
def _whole(staff: bool) -> Prepared[Ticket]:
    def rows() -> QuerySet[Ticket]:
        reader = _reader(staff=staff)
        people = Ticket.objects.visible_to(reader).with_people().prefetch_related(None)
        whole = people.with_unread(reader).select_related("merged_into", "rating")
        return whole.filter(public_id=_ticket_id()).order_by()

    return Prepared(rows)


@cache
def _tags() -> Prepared[TicketTag]:
    return Prepared(lambda: TicketTag.objects.filter(ticket=_ticket()).order_by("name"))


def newest_tickets(reader: Reader, limit: int) -> list[Ticket]:
    """By latest activity, as a list shows them. Two queries."""
    tickets = _list(reader.is_staff, limit).all(reader=reader.pk)
    tags: dict[int, list[TicketTag]] = {ticket.pk: [] for ticket in tickets}
    if tickets:
        for tag in _tags_of_all(tags):
            tags[tag.ticket_id].append(tag)
    for ticket in tickets:
        remember(ticket, "tag_rows", tags[ticket.pk])
    return tickets


@lru_cache(SHAPES)
def _list(staff: bool, limit: int) -> Prepared[Ticket]:
    def rows() -> QuerySet[Ticket]:
        reader = _reader(staff=staff)
        shown = Ticket.objects.visible_to(reader).as_shown_to(reader).prefetch_related(None).only(*IN_A_LIST)
        return shown.order_by("-active_at", "-pk")[:limit]

    return Prepared(rows)


def _tags_of_all(tickets: Collection[int]) -> list[TicketTag]:
    # One query for each power of two: blanks left over ask for the last ticket once more.
    keys = list(tickets)
    blanks = 1 << (len(keys) - 1).bit_length()
    return _tags_of_many(blanks).all(**{f"ticket{n}": keys[min(n, len(keys) - 1)] for n in range(blanks)})


@cache
def _tags_of_many(blanks: int) -> Prepared[TicketTag]:
    keys: list[Any] = [Slot(f"ticket{n}", BigIntegerField()) for n in range(blanks)]
    return Prepared(lambda: TicketTag.objects.filter(In(F("ticket_id"), keys)).order_by("name"))


def ticket_row(ticket_id: str) -> Ticket | None:
    """Whoever asks, deleted or not, with its owner."""
    return _row().first(ticket_id=ticket_id)


@cache
def _row() -> Prepared[Ticket]:
    rows = Ticket.objects.select_related("owner")
    return Prepared(lambda: rows.filter(public_id=_ticket_id()).order_by())


def locked_ticket(ticket_id: str, reader: Reader) -> Ticket | None:
    """With its row lock."""
    return _locked(reader.is_staff).first(ticket_id=ticket_id, reader=reader.pk)


@cache
def _locked(staff: bool) -> Prepared[Ticket]:
    visible = Ticket.objects.visible_to(_reader(staff=staff)).with_lock()
    return Prepared(lambda: visible.filter(public_id=_ticket_id()).order_by())


# --- what every message asks ------------------------------------------------
def message_by_nonce(author: int, nonce: str) -> Message | None:
    """With its author and its ticket."""
    return _by_nonce().first(author=author, nonce=nonce)


@cache
def _by_nonce() -> Prepared[Message]:
    def rows() -> QuerySet[Message]:
        author, nonce = Slot("author", BigIntegerField()), Slot("nonce", CharField())
        found = Message.objects.select_related("author", "ticket")
        return found.filter(author=author, client_nonce=nonce).order_by()

    return Prepared(rows)


def block_of(user: int) -> Block | None:
    """In force or not."""
    return _block().first(user=user)


@cache
def _block() -> Prepared[Block]:
    return Prepared(lambda: Block.objects.filter(user=Slot("user", BigIntegerField())).order_by())


def enabled_webhooks() -> list[Webhook]:
    return _webhooks().all()


@cache
def _webhooks() -> Prepared[Webhook]:
    return Prepared(lambda: Webhook.objects.filter(enabled=True).order_by())


# --- its messages and its stream ---------------------------------------------
def newest_messages(ticket: Ticket, reader: Reader, limit: int) -> list[Message]:
    """Newest first."""
    return _newest(reader.is_staff, limit).all(ticket=ticket.pk)


@lru_cache(SHAPES)
def _newest(staff: bool, limit: int) -> Prepared[Message]:
    def rows() -> QuerySet[Message]:
        visible = Message.objects.visible_to(_reader(staff=staff)).filter(ticket=_ticket())
        return visible.select_related("author").order_by("-seq")[:limit]

    return Prepared(rows)


def steps_after(ticket: Ticket, after: int, *, staff: bool, limit: int) -> list[TicketEvent]:
    return _steps(staff, limit).all(ticket=ticket.pk, after=after)


@lru_cache(SHAPES)
def _steps(staff: bool, limit: int) -> Prepared[TicketEvent]:
    def rows() -> QuerySet[TicketEvent]:
        after = Slot("after", IntegerField())
        found = TicketEvent.objects.filter(ticket=_ticket(), seq__gt=after, **({} if staff else _PUBLIC))
        return found.select_related("actor", "message__author").order_by("seq")[:limit]

    return Prepared(rows)


def steps_from(ticket_id: str, reader: Reader, seq: int, limit: int) -> list[TicketEvent]:
    """From `seq` on, of a ticket the reader may see, and that ticket with each of them."""
    wanted = {"ticket_id": ticket_id, "reader": reader.pk, "seq": seq}
    return _steps_of(reader.is_staff, limit).all(**wanted)


@lru_cache(SHAPES)
def _steps_of(staff: bool, limit: int) -> Prepared[TicketEvent]:
    def rows() -> QuerySet[TicketEvent]:
        visible = Ticket.objects.visible_to(_reader(staff=staff)).filter(public_id=_ticket_id())
        since = Slot("seq", IntegerField())
        found = TicketEvent.objects.filter(ticket__in=visible, seq__gte=since, **({} if staff else _PUBLIC))
        return found.select_related("ticket__owner", "actor", "message__author").order_by("seq")[:limit]

    return Prepared(rows)


_PUBLIC = {"is_internal": False}
