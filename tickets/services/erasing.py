"""Taking one person out of the conversations. Each step does a portion, in the caller's transaction, under
the lock of one ticket at a time, and returns how many things it erased; 0 when nothing is left.

Messages become tombstones: author and text are gone, the steps and their order stay; whoever looks is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from hazesite.personal_data import Trace
from tickets import stream
from tickets.models import (
    Attachment,
    Block,
    Mention,
    Message,
    Presence,
    Rating,
    ReadMark,
    StoredFile,
    Ticket,
    TicketEvent,
)
from tickets.services.conversation import uncount

PORTION = 100
PEOPLE_IN_FACTS = ("assigned_to", "claimed_by", "claimed_before")
Type = TicketEvent.Type


def words(trace: Trace) -> int:
    """What they said, in one ticket."""
    tombstone = {"content": "", "attached": [], "mentioned": [], "deleted_at__isnull": False}
    theirs = Message.objects.filter(author=trace.person.pk)
    left = theirs.exclude(**tombstone, client_nonce=None, nonce_digest="")
    first = left.order_by("pk").values_list("ticket", flat=True).first()
    if first is None:
        return 0
    ticket = Ticket.objects.with_lock().get(pk=first)
    found = list(left.filter(ticket=first).select_related("author").order_by("seq")[:PORTION])
    for message in found:
        message.ticket = ticket
        _entomb(ticket, message)
    return len(found)


def _entomb(ticket: Ticket, message: Message) -> None:
    shown = message.deleted_at is None
    message.content, message.attached, message.mentioned = "", [], []
    message.client_nonce, message.nonce_digest = None, ""
    message.deleted_at = message.deleted_at or timezone.now()
    message.save(
        update_fields=["content", "attached", "mentioned", "client_nonce", "nonce_digest", "deleted_at"]
    )
    message.mention_rows.all().delete()
    _drop_files(message)
    if shown:
        changed = uncount(ticket, message)
        stream.append(ticket, Type.DELETED_MESSAGE, None, message=message, changed=changed)


def _drop_files(message: Message) -> None:
    files = list(StoredFile.objects.filter(attachments__message=message).distinct())
    Attachment.objects.filter(message=message).delete()
    for stored in files:
        _drop_file(stored.pk, message)


def _drop_file(key: int, message: Message) -> None:
    """Unless others sent it too, or somebody began to since: then the sweeper looks again in an hour."""
    stored = StoredFile.objects.select_for_update(of=("self",)).filter(pk=key).first()
    if stored is None or stored.attachments.exists() or stored.created_at > message.created_at:
        return
    place = stored.place
    stored.delete()
    transaction.on_commit(lambda: default_storage.delete(place), robust=True)


def tickets(trace: Trace) -> int:
    """What their tickets were about, in one of them."""
    emptied: dict[str, Any] = {"subject": "", "answers": [], "client_nonce": None, "nonce_digest": ""}
    first = Ticket.objects.filter(owner=trace.person.pk).exclude(Q(**emptied)).order_by("pk").first()
    if first is None:
        return 0
    ticket = Ticket.objects.with_lock().get(pk=first.pk)
    for column, value in emptied.items():
        setattr(ticket, column, value)
    facts = {"subject": "", "answers": []}
    stream.append(ticket, Type.UPDATED, None, changed=list(emptied), facts=facts)
    for event in ticket.events.filter(type=Type.MERGED, facts__has_key="merged"):
        event.facts["merged"] = {**event.facts["merged"], "subject": ""}
        event.save(update_fields=["facts"])
    return 1


def ratings(trace: Trace) -> int:
    """The scores stay, what was written to them does not."""
    return Rating.objects.filter(ticket__owner=trace.person.pk).exclude(comment="").update(comment="")


def names(trace: Trace) -> int:
    """Where others name them: in mentions, and by their user name in tickets of theirs."""
    if trace.person.username == trace.alias:
        return 0
    changed = 0
    for key, content in _naming(trace).iterator():
        text = renamed(content, trace)
        if text != content or _mentions(trace).filter(message=key).exists():
            _rename(key, trace)
            changed += 1
        if changed == PORTION:
            break
    return changed


def _naming(trace: Trace) -> QuerySet[Any, Any]:
    person = trace.person
    named = Q(content__contains=person.username)
    if person.discord_id:
        named |= Q(content__contains=f"@{person.discord_id}>") | Q(
            content__contains=f"@!{person.discord_id}>"
        )
    theirs = Q(ticket__in=Ticket.objects.filter(owner=person.pk).values("pk"))
    mentioned = Q(pk__in=_mentions(trace).values("message"))
    at_once = Q(content__contains=f"@{person.username}")
    return (
        Message.objects.filter(mentioned | at_once | (theirs & named))
        .order_by("pk")
        .values_list("pk", "content")
    )


def _mentions(trace: Trace) -> QuerySet[Mention]:
    return Mention.objects.filter(user=trace.person.pk)


def renamed(text: str, trace: Trace) -> str:
    """With the alias where the name stands as a word of its own, and where Discord's way of naming does."""
    name = re.escape(trace.person.username)
    text = re.sub(rf"(?<![\w.+-]){name}(?![\w+-])", trace.alias, text)
    if trace.person.discord_id:
        text = re.sub(rf"<@!?{trace.person.discord_id}>", f"@{trace.alias}", text)
    return text


def _rename(key: int, trace: Trace) -> None:
    ticket_key = Message.objects.values_list("ticket", flat=True).get(pk=key)
    ticket = Ticket.objects.with_lock().get(pk=ticket_key)
    message = Message.objects.select_related("author").get(pk=key)
    message.ticket = ticket
    message.content = renamed(message.content, trace)
    message.mentioned = [one for one in message.mentioned if one != trace.person.user_id]
    message.save(update_fields=["content", "mentioned"])
    _mentions(trace).filter(message=key).delete()
    if message.deleted_at is None:
        stream.append(ticket, Type.EDITED, None, message=message)


def facts(trace: Trace) -> int:
    """Steps know people by their id. It is another one from now on where it was the one at Discord."""
    old, new = trace.person.user_id, trace.user_id
    if old == new:
        return 0
    wanted = Q()
    for name in PEOPLE_IN_FACTS:
        wanted |= Q(**{f"facts__{name}": old})
    found = list(TicketEvent.objects.filter(wanted).order_by("pk")[: 5 * PORTION])
    for event in found:
        for name in PEOPLE_IN_FACTS:
            if event.facts.get(name) == old:
                event.facts[name] = new
    TicketEvent.objects.bulk_update(found, ["facts"])
    return len(found)


def marks(trace: Trace) -> int:
    rows: Iterable[QuerySet[Any]] = (
        ReadMark.objects.filter(user=trace.person.pk),
        Presence.objects.filter(user=trace.person.pk),
        Mention.objects.filter(user=trace.person.pk),
        Block.objects.filter(user=trace.person.pk),
    )
    return sum(each.delete()[0] for each in rows)


STEPS: tuple[Callable[[Trace], int], ...] = (words, tickets, ratings, names, facts, marks)
