"""Telling everybody something: once each, whatever breaks meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import User
from botconfig.discord_posts import DISCORD, channel
from botconfig.models import GuildChannel
from hazesite.errors import NotAllowed, NotFound
from hazesite.events import publish
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from notifications.errors import NoSuchChannel
from notifications.events import Announced
from notifications.kinds import Kind
from notifications.models import Broadcast, Device, Notification
from notifications.services.telling import PUSH, tell
from tickets.errors import NonceReused
from tickets.services.locking import digest

PORTION = 500
Priority, State = Broadcast.Priority, Delivery.State


@dataclass(frozen=True)
class Progress:
    """`told` have it in their history; `delivered` and `failed` are pushes to devices, `waiting` still go."""

    broadcast: Broadcast
    delivered: int
    failed: int
    waiting: int
    discord: str
    """State of the post in the channel; empty when none was asked for."""


@dataclass(frozen=True)
class Reach:
    """Whom a broadcast would come to now: people, and devices at which it may ring."""

    recipients: int
    devices: int


def announce(
    actor: User,
    title: str,
    message: str,
    priority: str = Priority.NORMAL,
    *,
    channel_id: int | None = None,
    nonce: str = "",
) -> Broadcast:
    """Begin to tell everybody but the actor. The same nonce never makes a second one.

    Raises `NotAllowed`, `NoSuchChannel`, `NonceReused`.
    """
    _refuse(actor, channel_id)
    body = digest(title, message, priority, channel_id)
    with transaction.atomic():
        actor = User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if nonce and (earlier := Broadcast.objects.filter(author=actor, client_nonce=nonce).first()):
            if earlier.nonce_digest != body:
                raise NonceReused
            return earlier
        made = Broadcast.objects.create(
            author=actor,
            title=title,
            message=message,
            priority=priority,
            channel_id=channel_id,
            recipients=_everybody_but(actor.pk).count(),
            client_nonce=nonce or None,
            nonce_digest=body if nonce else "",
        )
        _begin(made)
        return made


def _begin(made: Broadcast) -> None:
    publish(Announced(made.pk, made.author_id or 0, made.priority, made.recipients))
    if made.channel_id:
        post = {"embeds": [{"title": made.title, "description": made.message}]}
        where = channel(made.channel_id)
        queue([Delivery(transport=DISCORD, target=where, thing=_thing(made.pk), payload=post)])


def reach(actor: User, channel_id: int | None = None) -> Reach:
    """What `announce` would do. Raises what it would raise."""
    _refuse(actor, channel_id)
    people = _everybody_but(actor.pk)
    return Reach(people.count(), Device.objects.filter(user__in=people).count())


def _refuse(actor: User, channel_id: int | None) -> None:
    if not actor.is_admin:
        raise NotAllowed
    if channel_id is not None and not text_channels().filter(id=channel_id).exists():
        raise NoSuchChannel


def text_channels() -> QuerySet[GuildChannel]:
    return GuildChannel.objects.filter(kind__in=["text", "news"])


def _everybody_but(author_pk: int | None) -> QuerySet[User]:
    people: QuerySet[User] = User.objects.filter(is_active=True, is_service=False)
    return people.exclude(pk=author_pk or 0)


def _thing(broadcast_pk: int) -> str:
    return f"broadcast:{broadcast_pk}"


def tell_everybody(broadcast_pk: int) -> int:
    """In portions; broken off, it goes on where it was. How many were told this time."""
    told = 0
    one = Broadcast.objects.get(pk=broadcast_pk)
    while one.done_at is None:
        people = _everybody_but(one.author_id).filter(pk__gt=one.told_up_to, created_at__lte=one.created_at)
        portion = list(people.order_by("pk").values_list("pk", flat=True)[:PORTION])
        if portion:
            told += tell(_notification(one, pk) for pk in portion)
            one.told_up_to = portion[-1]
        _note(one, done=len(portion) < PORTION)
    return told


def _note(one: Broadcast, *, done: bool) -> None:
    one.told = Notification.objects.filter(thing=_thing(one.pk)).count()
    one.done_at = timezone.now() if done else None
    one.save(update_fields=["told", "told_up_to", "done_at"])


def _notification(one: Broadcast, user_pk: int) -> Notification:
    facts = {"title": one.title, "body": one.message, "priority": one.priority}
    return Notification(
        user_id=user_pk,
        kind=Kind.BROADCAST,
        thing=_thing(one.pk),
        facts=facts,
        created_at=one.created_at,
    )


def broadcasts() -> QuerySet[Broadcast]:
    return Broadcast.objects.all()


def progress(broadcast_pk: int) -> Progress:
    """Raises `NotFound`. Three queries, by the index on what a delivery is about."""
    one = Broadcast.objects.filter(pk=broadcast_pk).first()
    if one is None:
        raise NotFound
    rows = Delivery.objects.filter(thing=_thing(one.pk)).order_by().values("transport", "state")
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows.annotate(rows=Count("pk")):
        counts[row["transport"], row["state"]] = row["rows"]
    posted = [state for (transport, state) in counts if transport == DISCORD]
    return Progress(
        one,
        delivered=counts[PUSH, State.SENT],
        failed=counts[PUSH, State.GIVEN_UP],
        waiting=counts[PUSH, State.QUEUED] + counts[PUSH, State.FAILED],
        discord=posted[0] if posted else "",
    )
