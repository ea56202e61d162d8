"""The queries of the busiest calls, each written once: see `hazesite.prepared`.

Everything here says what the querysets of the models say, for a reader whose key is still a blank.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, CharField, F, FilteredRelation, IntegerField, Q, QuerySet
from django.db.models.lookups import In

from accounts.models import User
from hazesite.api import MAX_TOTAL
from hazesite.prepared import Prepared, Slot
from tickets.models import Block, Message, Reader, Ticket, TicketEvent, TicketTag, Webhook
from tickets.rendering import DETAIL, MESSAGE, SUMMARY, Json, detail_of, message_of, summary_of

IN_A_MESSAGE = ("ticket_id", *MESSAGE[1:])
IN_A_STEP = (
    "ticket", "seq", "previous_public_seq", "is_internal", "type", "facts", "at", "actor__user_id",
    "actor__username", *(f"message__{name}" for name in IN_A_MESSAGE),
)  # fmt: skip
"""What `event_json` shows."""
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
def ticket_page(ticket_id: str, reader: Reader) -> Json | None:
    """A ticket as its page shows it, but for the messages. Two queries."""
    found = _page(reader.is_staff).tuples(ticket_id=ticket_id, reader=reader.pk)
    if not found:
        return None
    (row,) = found
    tags = [name for (name,) in _tags().tuples(ticket=row[_PK])]
    return detail_of(row, tags, staff=reader.is_staff)


@cache
def _page(staff: bool) -> Prepared[Ticket]:
    def rows() -> QuerySet[Ticket]:
        reader = _reader(staff=staff)
        whole = Ticket.objects.visible_to(reader).with_unread(reader).filter(public_id=_ticket_id())
        return whole.order_by().values_list(*SUMMARY, *DETAIL)

    return Prepared(rows)


@cache
def _tags() -> Prepared[TicketTag]:
    return Prepared(lambda: TicketTag.objects.filter(ticket=_ticket()).order_by("name").values_list("name"))


class Listed(NamedTuple):
    """A ticket as a list shows it, and its place there."""

    pk: int
    active_at: datetime
    shown: Json


def newest_tickets(reader: Reader, limit: int) -> list[Listed]:
    """By latest activity. Two queries."""
    rows = _list(reader.is_staff, limit).tuples(reader=reader.pk)
    names: dict[int, list[str]] = {row[_PK]: [] for row in rows}
    if rows:
        for ticket_pk, name in _tags_of_all(names):
            names[ticket_pk].append(name)
    staff = reader.is_staff
    return [Listed(row[_PK], row[-1], summary_of(row, names[row[_PK]], staff=staff)) for row in rows]


@lru_cache(SHAPES)
def _list(staff: bool, limit: int) -> Prepared[Ticket]:
    def rows() -> QuerySet[Ticket]:
        reader = _reader(staff=staff)
        shown = Ticket.objects.visible_to(reader).with_unread(reader).order_by("-active_at", "-pk")
        return shown.values_list(*SUMMARY, "active_at")[:limit]

    return Prepared(rows)


_PK = SUMMARY.index("pk")


def number_of_tickets(reader: Reader) -> int:
    """Counted to `MAX_TOTAL` and no further."""
    return _number(reader.is_staff).count(reader=reader.pk)


@cache
def _number(staff: bool) -> Prepared[Ticket]:
    visible = Ticket.objects.visible_to(_reader(staff=staff))
    return Prepared(lambda: visible.order_by().values_list("pk")[:MAX_TOTAL])


def _tags_of_all(tickets: Collection[int]) -> list[list[Any]]:
    # One query for each power of two: blanks left over ask for the last ticket once more.
    keys = list(tickets)
    blanks = 1 << (len(keys) - 1).bit_length()
    wanted = {f"ticket{n}": keys[min(n, len(keys) - 1)] for n in range(blanks)}
    return _tags_of_many(blanks).tuples(**wanted)


@cache
def _tags_of_many(blanks: int) -> Prepared[TicketTag]:
    keys: list[Any] = [Slot(f"ticket{n}", BigIntegerField()) for n in range(blanks)]
    rows = TicketTag.objects.filter(In(F("ticket_id"), keys)).order_by("name")
    return Prepared(lambda: rows.values_list("ticket_id", "name"))


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
class Standing(NamedTuple):
    """What counts of somebody who wants to say something. The role is as `ROLE`."""

    role: tuple[Any, ...]
    block: tuple[str, datetime | None] | None
    """Its reason and its end, in force or not."""
    said: tuple[int, str] | None
    """The key and the digest of what they said with the nonce."""


ROLE = ("is_superuser", "granted_role", "guild_role", "is_active")


def standing(user: int, nonce: str = "") -> Standing | None:
    """None for somebody who is gone or switched off."""
    for *role, block, reason, until, message, digest in _standing().tuples(user=user, nonce=nonce):
        blocked = None if block is None else (reason, until)
        return Standing(tuple(role), blocked, None if message is None else (message, digest))
    return None


@cache
def _standing() -> Prepared[User]:
    def rows() -> QuerySet[User, Any]:
        found = User.objects.filter(pk=Slot("user", BigIntegerField()), is_active=True).order_by()
        with_nonce = Q(messages__client_nonce=Slot("nonce", CharField()))
        block = ("ticket_block__pk", "ticket_block__reason", "ticket_block__until")
        said = found.annotate(said=FilteredRelation("messages", condition=with_nonce))
        columns: QuerySet[User, Any] = said.values_list(*ROLE, *block, "said__pk", "said__nonce_digest")
        return columns

    return Prepared(rows)


def block_of(user: int) -> tuple[str, datetime | None] | None:
    """Its reason and its end, in force or not."""
    for reason, until in _block().tuples(user=user):
        return reason, until
    return None


@cache
def _block() -> Prepared[Block]:
    def rows() -> QuerySet[Block, Any]:
        found = Block.objects.filter(user=Slot("user", BigIntegerField())).order_by()
        return found.values_list("reason", "until")

    return Prepared(rows)


def enabled_webhooks() -> list[Webhook]:
    return _webhooks().all()


@cache
def _webhooks() -> Prepared[Webhook]:
    return Prepared(lambda: Webhook.objects.filter(enabled=True).order_by())


# --- its messages and its stream ---------------------------------------------
def newest_messages(ticket: int, reader: Reader, limit: int) -> list[Json]:
    """As they are shown, newest first. `ticket` is its key."""
    return [message_of(row) for row in _newest(reader.is_staff, limit).tuples(ticket=ticket)]


@lru_cache(SHAPES)
def _newest(staff: bool, limit: int) -> Prepared[Message]:
    def rows() -> QuerySet[Message]:
        visible = Message.objects.visible_to(_reader(staff=staff)).filter(ticket=_ticket())
        return visible.order_by("-seq").values_list(*MESSAGE)[:limit]

    return Prepared(rows)


def steps_after(ticket: Ticket, after: int, *, staff: bool, limit: int) -> list[TicketEvent]:
    return _steps(staff, limit).all(ticket=ticket.pk, after=after)


@lru_cache(SHAPES)
def _steps(staff: bool, limit: int) -> Prepared[TicketEvent]:
    def rows() -> QuerySet[TicketEvent]:
        after = Slot("after", IntegerField())
        found = TicketEvent.objects.filter(ticket=_ticket(), seq__gt=after, **({} if staff else _PUBLIC))
        whole = found.select_related("actor", "message__author").only(*IN_A_STEP)
        return whole.order_by("seq")[:limit]

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
