"""Messages and notes."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from hazesite import ratelimits
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.prepared_writes import insert_row, upsert_row
from tickets import stream
from tickets.errors import NonceReused, TicketClosed, TicketMerged
from tickets.events import TicketRead
from tickets.models import Attachment, Message, ReadMark, Ticket, TicketEvent
from tickets.prepared import Standing
from tickets.rendering import attachment_json
from tickets.services.blocking import refuse_block
from tickets.services.clocks import take_turn
from tickets.services.locking import digest, locked, locked_to_speak, look_again, require_staff
from tickets.services.mentions import mentioned_in, store_mentions

MESSAGES_PER_USER = "120/m"


Attachments = Sequence[Attachment]


def post_message(
    ticket_id: str,
    actor: User,
    content: str,
    *,
    nonce: str = "",
    source: str = Message.Source.APP,
    attachments: Attachments = (),
) -> Message:
    """Say something to the other side. The same nonce never makes a second message.

    `attachments` are unsaved: see `tickets.services.attachments`. Raises `NotFound`, `TicketClosed`,
    `TicketMerged`, `Blocked`, `NonceReused`, `TooMany`.
    """
    return _say(ticket_id, actor, content, attachments, nonce=nonce, source=source, is_note=False)


def add_note(
    ticket_id: str,
    actor: User,
    content: str,
    *,
    nonce: str = "",
    source: str = Message.Source.APP,
    attachments: Attachments = (),
) -> Message:
    """Write something for staff alone, on a closed ticket too. Raises as `post_message`, and `NotAllowed`."""
    require_staff(actor)
    return _say(ticket_id, actor, content, attachments, nonce=nonce, source=source, is_note=True)


def _say(
    ticket_id: str,
    actor: User,
    content: str,
    attachments: Attachments,
    *,
    nonce: str,
    source: str,
    is_note: bool,
) -> Message:
    ratelimits.spend("messages", actor.pk, MESSAGES_PER_USER)
    files = [[attachment.stored.digest, attachment.name] for attachment in attachments]
    body = digest(ticket_id, content, is_note, *files)
    try:
        with transaction.atomic():
            ticket, standing = locked_to_speak(ticket_id, actor, nonce)
            if nonce and (earlier := _earlier(standing, body)):
                return earlier
            _refuse(ticket, actor, standing, is_note=is_note)
            said = {"nonce": nonce, "body": body, "source": source}
            return say_in(ticket, actor, content, attachments, is_note=is_note, **said)
    except IntegrityError:
        # The same nonce at the same moment in another ticket: the two hold different locks.
        if nonce and (earlier := _earlier(look_again(actor, nonce), body)):
            return earlier
        raise


def _refuse(ticket: Ticket, actor: User, standing: Standing, *, is_note: bool = False) -> None:
    if ticket.is_closed and not is_note:
        refuse_closed(ticket)
    if not actor.is_staff:
        refuse_block(standing.block)


def _earlier(standing: Standing, body: str) -> Message | None:
    if standing.said is None:
        return None
    key, digest_then = standing.said
    if digest_then != body:
        raise NonceReused
    return Message.objects.select_related("author", "ticket").get(pk=key)


def refuse_closed(ticket: Ticket) -> None:
    if (target := ticket.goes_on_in) is not None:
        raise TicketMerged(merged_into=target.public_id)
    raise TicketClosed


def say_in(
    ticket: Ticket,
    actor: User,
    content: str,
    attachments: Attachments = (),
    *,
    nonce: str = "",
    body: str = "",
    source: str = Message.Source.APP,
    is_note: bool = False,
) -> Message:
    """For services that hold the ticket's lock already."""
    named = mentioned_in(ticket, actor, content, is_note=is_note)
    message = Message(
        ticket=ticket,
        seq=ticket.last_seq + 1,
        author=actor,
        content=content,
        attached=[attachment_json(ticket, attachment) for attachment in attachments],
        is_note=is_note,
        mentioned=[user.user_id for user in named],
        by_staff=actor.is_staff,
        source=source,
        client_nonce=nonce or None,
        nonce_digest=body if nonce else "",
    )
    insert_row(message)
    _store_attachments(message, attachments)
    if named:
        store_mentions(message, named)
    changed = _count(ticket, message, actor)
    stream.append(ticket, TicketEvent.Type.MESSAGE, actor, message=message, changed=changed)
    if not is_note and actor.pk == ticket.owner_id:
        end_snooze(ticket)
    set_mark(ticket, actor, ticket.last_seq, ticket.message_count, ticket.note_count)
    return message


def _count(ticket: Ticket, message: Message, actor: User) -> list[str]:
    """What the ticket says of its messages; the columns that changed."""
    if message.is_note:
        ticket.note_count += 1
        return ["note_count"]
    ticket.message_count += 1
    ticket.last_message = message
    return ["message_count", "last_message", *take_turn(ticket, actor)]


def _store_attachments(message: Message, attachments: Attachments) -> None:
    for attachment in attachments:
        attachment.message = message
    Attachment.objects.bulk_create(attachments)


def end_snooze(ticket: Ticket) -> None:
    """If there is one. It is a step of its own: who only follows the stream would show it for ever."""
    if ticket.snoozed_until is not None:
        wake(ticket, None)


def wake(ticket: Ticket, actor: User | None) -> None:
    """The snooze is over: somebody of staff ended it, or (no actor) its time came, its owner spoke, or the
    ticket is being closed.
    """
    ticket.snoozed_until = None
    facts = {"snoozed_until": None}
    stream.append(
        ticket, TicketEvent.Type.WOKEN, actor, changed=["snoozed_until"], facts=facts, internal=True
    )


def set_mark(ticket: Ticket, reader: User, seq: int, messages: int, notes: int) -> None:
    """The caller holds the ticket's lock, so marks of one ticket never race."""
    mark = ReadMark(ticket=ticket, user=reader, seq=seq, message_count=messages, note_count=notes)
    upsert_row(mark, unique=("ticket", "user"), columns=("seq", "message_count", "note_count"))
    publish(TicketRead(ticket.pk, reader.pk, seq))


@transaction.atomic
def edit_message(ticket_id: str, message_pk: int, actor: User, content: str) -> Message:
    """Change one's own words. Raises `NotFound`, `NotAllowed`, `TicketClosed`, `Blocked`."""
    ticket, standing = locked_to_speak(ticket_id, actor, "")
    message = _visible(ticket, message_pk, actor)
    if message.author_id != actor.pk:
        raise NotAllowed
    _refuse(ticket, actor, standing, is_note=message.is_note)
    if message.content == content:
        return message
    named = mentioned_in(ticket, actor, content, is_note=message.is_note)
    store_mentions(message, named)
    message.content, message.edited_at = content, timezone.now()
    message.mentioned = [user.user_id for user in named]
    message.save(update_fields=["content", "edited_at", "mentioned"])
    stream.append(ticket, TicketEvent.Type.EDITED, actor, message=message)
    return message


@transaction.atomic
def delete_message(ticket_id: str, message_pk: int, actor: User) -> Message:
    """Take a message out of the conversation: its author may, and staff. Raises `NotFound`, `NotAllowed`."""
    ticket = locked(ticket_id, actor)
    message = _visible(ticket, message_pk, actor)
    if message.author_id != actor.pk and not actor.is_staff:
        raise NotAllowed
    message.deleted_at = timezone.now()
    message.save(update_fields=["deleted_at"])
    changed = uncount(ticket, message)
    stream.append(ticket, TicketEvent.Type.DELETED_MESSAGE, actor, message=message, changed=changed)
    return message


def uncount(ticket: Ticket, message: Message) -> list[str]:
    """Whoever had not read it has one less to read; whoever had, not one more."""
    column = "note_count" if message.is_note else "message_count"
    setattr(ticket, column, getattr(ticket, column) - 1)
    readers = ReadMark.objects.filter(ticket=ticket, seq__gte=message.seq)
    readers.update(**{column: F(column) - 1})
    if message.is_note or ticket.last_message_id != message.pk:
        return [column]
    left = ticket.messages.filter(deleted_at=None, is_note=False)
    ticket.last_message = left.order_by("-seq").first()
    return [column, "last_message"]


def _visible(ticket: Ticket, message_pk: int, actor: User) -> Message:
    rows = Message.objects.visible_to(actor).select_related("author")
    message = rows.filter(ticket=ticket, pk=message_pk).first()
    if message is None:
        raise NotFound
    message.ticket = ticket
    return message
