"""The rows of tickets in Discord: what is to be told, what was, and what came from there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.people import Profile, person_from_discord
from bot.mirroring.texts import FILES_FROM, parts_of
from bot.models import Mirror, MirroredMessage, Webhook
from hazesite.errors import NotFound
from tickets.models import Attachment, Message, Ticket, TicketEvent
from tickets.services import attachments, conversation
from tickets.services.settings import ticket_settings
from tickets.states import Status

PORTION = 50
MAX_PAUSE = timedelta(minutes=5)
GIVE_UP_AFTER = 5
"""Refusals of one message, after which those behind it no longer wait."""


@dataclass(frozen=True)
class Work:
    """One ticket with the next steps to tell, in order."""

    ticket: Ticket
    mirror: Mirror
    events: list[TicketEvent]
    names: dict[str, str] = field(default_factory=dict)
    owner: User | None = None


# --- what is to be told ------------------------------------------------------
def tickets_to_tell(since: datetime | None = None) -> list[int]:
    """Keys of tickets whose stream is ahead of Discord: all, or those that moved since a moment."""
    now = timezone.now()
    rows = Ticket.objects.filter(active_at__gte=since) if since else Ticket.objects.all()
    running = Q(deleted_at=None) & ~Q(status=Status.CLOSED)
    unknown = Q(mirror=None) & running
    live = Q(mirror__state=Mirror.State.LIVE) | (Q(mirror__state=Mirror.State.ENDED) & running)
    behind = live & Q(last_public_seq__gt=F("mirror__seq"))
    patient = Q(mirror__next_try=None) | Q(mirror__next_try__lte=now)
    found = rows.filter(unknown | (behind & patient)).order_by("active_at")
    return list(found.values_list("pk", flat=True))


def tickets_to_retry() -> list[int]:
    due = Mirror.objects.filter(next_try__lte=timezone.now())
    return list(due.order_by("next_try").values_list("pk", flat=True)[:200])


@transaction.atomic
def next_work(ticket_pk: int) -> Work | None:
    """None where there is nothing to tell (any more)."""
    ticket = Ticket.objects.with_lock().filter(pk=ticket_pk).first()
    if ticket is None:
        return None
    mirror, _made = Mirror.objects.get_or_create(ticket=ticket, defaults={"behind_since": timezone.now()})
    if mirror.state == Mirror.State.ENDED:
        if ticket.is_closed or ticket.deleted_at:
            return None
        mirror.state = Mirror.State.LIVE
    events = _steps(ticket, mirror.seq)
    mirror.behind_since = (mirror.behind_since or timezone.now()) if events else None
    mirror.next_try = None
    mirror.save(update_fields=["state", "behind_since", "next_try"])
    if not events:
        return None
    return Work(ticket, mirror, events, _names(events), ticket.owner)


def _steps(ticket: Ticket, after: int) -> list[TicketEvent]:
    rows = ticket.events.filter(seq__gt=after, is_internal=False).order_by("seq")
    found = list(rows.select_related("actor", "message__author")[:PORTION])
    for event in found:
        event.ticket = ticket
    return found


def _names(events: Iterable[TicketEvent]) -> dict[str, str]:
    ids = {event.facts.get("assigned_to") for event in events} - {None}
    if not ids:
        return {}
    return dict(User.objects.filter(user_id__in=ids).values_list("user_id", "username"))


def told(mirror: Mirror, seq: int) -> None:
    """Everything up to `seq` is in Discord. A cursor never moves back."""
    Mirror.objects.filter(pk=mirror.pk, seq__lt=seq).update(seq=seq, error="", failures=0)


def note_failure(ticket_pk: int, reason: str, wait: float | None = None) -> None:
    """`wait` in seconds, else longer each time."""
    mirror = Mirror.objects.filter(pk=ticket_pk).first()
    if mirror is None:
        return
    pause = timedelta(seconds=wait) if wait else min(MAX_PAUSE, timedelta(seconds=2**mirror.failures))
    Mirror.objects.filter(pk=ticket_pk).update(
        error=reason[:500], failures=F("failures") + 1, next_try=timezone.now() + pause
    )


# --- its place in Discord ----------------------------------------------------
def mirror_of(ticket_pk: int) -> Mirror:
    return Mirror.objects.select_related("ticket").get(pk=ticket_pk)


def channel_of(ticket_pk: int) -> int | None:
    """Once the panel stands in it: then it can be used."""
    rows = Mirror.objects.filter(pk=ticket_pk, panel_id__isnull=False)
    return rows.values_list("channel_id", flat=True).first()


def begin_placing(mirror: Mirror, place: str) -> None:
    """Before anything is made there: after a crash it is looked for first."""
    Mirror.objects.filter(pk=mirror.pk).update(place=place)


def placed(mirror: Mirror, place: str, channel_id: int, webhook_channel_id: int) -> None:
    mirror.place, mirror.channel_id, mirror.webhook_channel_id = place, channel_id, webhook_channel_id
    mirror.save(update_fields=["place", "channel_id", "webhook_channel_id"])


def panel_shown(mirror: Mirror, message_id: int | None) -> None:
    mirror.panel_id = message_id
    mirror.save(update_fields=["panel_id"])


def place_lost(channel_id: int) -> None:
    """Somebody took the channel away: the ticket goes on, and what comes next makes a new one."""
    for mirror in Mirror.objects.filter(channel_id=channel_id).select_related("ticket"):
        _leave(mirror, Mirror.State.ENDED if mirror.ticket.is_closed else Mirror.State.LIVE)


def place_ended(mirror: Mirror) -> None:
    """The channel was removed by us: the ticket was deleted, or closed long enough ago."""
    mirror.refresh_from_db()
    _leave(mirror, Mirror.State.ENDED)


def _leave(mirror: Mirror, state: str) -> None:
    last = Ticket.objects.values_list("last_public_seq", flat=True).get(pk=mirror.pk)
    Mirror.objects.filter(pk=mirror.pk).update(
        place="", channel_id=None, webhook_channel_id=None, panel_id=None, last_read_id=None, state=state,
        seq=last, error="", failures=0, next_try=None, behind_since=None, remove_at=None,
    )  # fmt: skip


def remove_later(mirror: Mirror) -> None:
    hours = ticket_settings()["discord_keep_hours"]
    when = timezone.now() + timedelta(hours=hours) if hours else None
    Mirror.objects.filter(pk=mirror.pk).update(remove_at=when)


def keep_place(mirror: Mirror) -> None:
    Mirror.objects.filter(pk=mirror.pk).update(remove_at=None)


def places_to_remove() -> list[Mirror]:
    due = Mirror.objects.filter(remove_at__lte=timezone.now(), channel_id__isnull=False)
    return list(due.select_related("ticket")[:20])


def live_channels() -> dict[int, int]:
    """Tickets by the channel they are in."""
    rows = Mirror.objects.filter(state=Mirror.State.LIVE, channel_id__isnull=False)
    return {channel: pk for channel, pk in rows.values_list("channel_id", "pk") if channel}


def webhook_of(channel_id: int) -> Webhook | None:
    return Webhook.objects.filter(channel_id=channel_id).first()


def webhook_made(channel_id: int, webhook_id: int, token: str) -> Webhook:
    row, _made = Webhook.objects.update_or_create(
        channel_id=channel_id, defaults={"webhook_id": webhook_id, "token": token}
    )
    return row


def webhook_lost(channel_id: int) -> None:
    Webhook.objects.filter(channel_id=channel_id).delete()


def webhook_ids() -> set[int]:
    return set(Webhook.objects.values_list("webhook_id", flat=True))


# --- messages to Discord -----------------------------------------------------
def attempt(message: Message, part: int, text: str) -> tuple[MirroredMessage, bool]:
    """The row of one part, and whether it was tried before: then it may have arrived, as the row's text."""
    row, made = MirroredMessage.objects.get_or_create(message=message, part=part, defaults={"text": text})
    return row, not made


def reword(row: MirroredMessage, text: str) -> None:
    """It is said in other words from now on."""
    if row.text != text:
        row.text = text
        row.save(update_fields=["text"])


def sent(row: MirroredMessage, discord_id: int) -> None:
    MirroredMessage.objects.filter(pk=row.pk).update(discord_id=discord_id, error="")


def forget_part(row: MirroredMessage) -> None:
    row.delete()


def given_up(row: MirroredMessage, reason: str) -> None:
    MirroredMessage.objects.filter(pk=row.pk).update(error=reason[:500])


def known_ids(ids: Sequence[int]) -> set[int]:
    rows = MirroredMessage.objects.filter(discord_id__in=ids)
    return {known for known in rows.values_list("discord_id", flat=True) if known}


def mirrored(message: Message) -> list[MirroredMessage]:
    return list(message.mirrored.order_by("part"))


def files_of(message: Message) -> list[Attachment]:
    return list(message.attachments.select_related("stored").order_by("pk"))


# --- messages from Discord ---------------------------------------------------
@dataclass(frozen=True)
class File:
    """A file of a message there, as `attach_files` takes it."""

    name: str
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data


def is_known(discord_id: int) -> bool:
    return MirroredMessage.objects.filter(discord_id=discord_id).exists()


def stands_there(ticket_pk: int, since: int) -> set[int]:
    """Ids from `since` on of messages in its channel that this ticket knows and still has."""
    rows = MirroredMessage.objects.filter(message__ticket=ticket_pk, message__deleted_at=None)
    return set(rows.filter(discord_id__gte=since).values_list("discord_id", flat=True))  # type: ignore[arg-type]


@transaction.atomic
def take_in(ticket_pk: int, profile: Profile, discord_id: int, content: str, files: Sequence[File]) -> None:
    """Store what somebody said there, once. Raises what `post_message` and `attach_files` raise."""
    if is_known(discord_id):
        return
    ticket = Ticket.objects.get(pk=ticket_pk)
    author = person_from_discord(profile)
    said: dict[str, Any] = {"nonce": f"discord:{discord_id}", "source": Message.Source.DISCORD}
    if files:
        message = attachments.attach_files(ticket.public_id, author, files, content, **said)
    else:
        message = conversation.post_message(ticket.public_id, author, content, **said)
    MirroredMessage.objects.get_or_create(
        message=message, part=0, defaults={"discord_id": discord_id, "from_discord": True}
    )
    read_up_to(ticket_pk, discord_id)


def read_up_to(ticket_pk: int, discord_id: int) -> None:
    """Nothing before it will be asked for again."""
    unread = Q(last_read_id=None) | Q(last_read_id__lt=discord_id)
    Mirror.objects.filter(unread, pk=ticket_pk).update(last_read_id=discord_id)


def edited_there(discord_id: int, content: str) -> None:
    row = _known(discord_id)
    if row is not None and row.from_discord and not row.message.deleted_at:
        message = row.message
        conversation.edit_message(message.ticket.public_id, message.pk, message.author, content)


def deleted_there(discord_id: int) -> None:
    """Taken away in Discord, by its author or by somebody who may: it goes here too."""
    row = _known(discord_id)
    if row is None or row.message.deleted_at or _is_surplus(row):
        return
    message = row.message
    try:
        conversation.delete_message(message.ticket.public_id, message.pk, message.author)
    except NotFound:  # deleted here in the meantime, or its ticket was
        return


def _is_surplus(row: MirroredMessage) -> bool:
    """A piece of what was a longer text before it was edited: we take it away ourselves."""
    return len(parts_of(row.message.content)) <= row.part < FILES_FROM


def _known(discord_id: int) -> MirroredMessage | None:
    rows = MirroredMessage.objects.select_related("message__ticket", "message__author")
    return rows.filter(discord_id=discord_id).first()
