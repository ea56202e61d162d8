"""From something that happened to what each person, and each of their devices, is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, DateTimeField, Max, QuerySet
from django.utils import timezone

from accounts.models import User
from hazesite.jobs.models import Job
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue, retract
from hazesite.prepared import Prepared, Slot
from notifications.kinds import INFO, Kind
from notifications.models import Device, MutedTicket, Notification, Preferences, Untold
from notifications.recipients import recipients
from notifications.services.preferences import wants
from tickets.models import Mention, ReadMark, TicketEvent

Type = TicketEvent.Type
PUSH = "push"
RING, TAKE_BACK = "notification", "read"
"""In a delivery's payload: the notification it rings for, or the one that is read."""
TELLER = "notifications.jobs.tell_waiting"
GATHER, PORTION = timedelta(seconds=1), 200
ON_ITS_WAY = timedelta(seconds=2)
PAUSE = timedelta(seconds=10)
"""Between two pushes about one ticket to one device: what comes meanwhile is told together."""


def lane_of(device_pk: int, ticket_pk: int | None) -> str:
    return f"push:{device_pk}:{ticket_pk}" if ticket_pk else ""


def thing_of(notification: Notification) -> str:
    """What its deliveries are about; without a ticket that takes them back, the same for all people."""
    return f"notification:{notification.pk}" if notification.ticket_id else notification.thing


def at_any_hour(notification: Notification) -> bool:
    """Whether quiet hours do not hold it back."""
    return bool(notification.facts.get("priority") == "high")


def _teller() -> QuerySet[Job, Any]:
    rows = Job.objects.filter(task=TELLER, state=Job.State.READY)
    return rows.filter(run_after__gt=Slot("soon", DateTimeField())).order_by().values_list("pk")[:1]


def _unread() -> QuerySet[Notification, Any]:
    rows = Notification.objects.filter(user=Slot("user", BigIntegerField()), read_at=None)
    return rows.filter(ticket=Slot("ticket", BigIntegerField())).order_by().values_list("pk")[:1]


TELLERS, UNREAD = Prepared(_teller), Prepared(_unread)
"""Asked with each message."""


def has_teller(now: datetime) -> bool:
    """Whether a job is about to tell what is committed in this moment.

    One that may begin at once does not count: it might not see this transaction any more.
    """
    return bool(TELLERS.tuples(soon=now + GATHER / 2))


def has_unread(ticket_pk: int, user_pk: int) -> bool:
    return bool(UNREAD.tuples(user=user_pk, ticket=ticket_pk))


def tell_waiting() -> int:
    """Tell of all steps nobody has been told of; how many there were. Two at once do no harm."""
    count = 0
    while keys := list(Untold.objects.order_by("pk").values_list("event_id", flat=True)[:PORTION]):
        tell_of(keys)
        count += len(keys)
    return count


def tell_of(events: Collection[int]) -> int:
    """Notifications and deliveries for these steps; done twice it is done once. How many are told of one.

    Queries do not grow with the steps.
    """
    rows = TicketEvent.objects.select_related("ticket__owner", "ticket__assigned_to", "message")
    found = rows.filter(pk__in=events, ticket__deleted_at=None, message__deleted_at=None).order_by("pk")
    staff, mentioned = list(User.objects.staff()), _mentioned(events)
    made = [one for event in found for one in _notifications(event, staff, mentioned[event.pk])]
    return tell(made, of=events)


def _mentioned(events: Collection[int]) -> dict[int, list[User]]:
    """By step. Whose name an edit added is told with it; whoever was told of this message before is not."""
    rows = TicketEvent.objects.filter(pk__in=events, type__in=[Type.MESSAGE, Type.EDITED]).order_by("-pk")
    said = {message: pk for pk, message in rows.values_list("pk", "message")}  # the first step of each
    known = Notification.objects.filter(event__message__in=said, kind=Kind.MENTION)
    told = set(known.exclude(event__in=events).values_list("event__message_id", "user_id"))
    found: dict[int, list[User]] = defaultdict(list)
    for row in Mention.objects.filter(message__in=said).select_related("user"):
        if (row.message_id, row.user_id) not in told:
            found[said[row.message_id]].append(row.user)
    return found


def _notifications(event: TicketEvent, staff: list[User], mentioned: list[User]) -> list[Notification]:
    told = {
        "thing": f"ticket-event:{event.pk}",
        "ticket": event.ticket,
        "event": event,
        "created_at": event.at,
    }
    people = recipients(event, staff, mentioned)
    return [Notification(user=user, kind=kind, **told) for user, kind in people.items()]


def tell(notifications: Iterable[Notification], of: Collection[int] = ()) -> int:
    """Store unsaved ones, and queue a push for each device that wants one. How many there are then.

    `of`: steps that are told thereby. Broken off, it is done again; nobody waits for all of it.
    """
    made = list(notifications)
    Notification.objects.bulk_create(made, ignore_conflicts=True)
    ways = [way for way in WAYS if way.is_open()]
    stored = _stored(made) if ways else []
    deliveries = [delivery for way in ways for delivery in way.deliveries(stored)]
    with transaction.atomic():
        queue(deliveries)
        Untold.objects.filter(event__in=of).delete()
    return len(made)


def _stored(made: list[Notification]) -> list[Notification]:
    """With their keys."""
    things, users = {one.thing for one in made}, {one.user_id for one in made}
    rows = Notification.objects.filter(thing__in=things, user__in=users).select_related("ticket")
    return list(rows.order_by("pk"))


@dataclass(frozen=True)
class Way:
    """How people are told besides their history. `deliveries` are unsaved, for those who want to be rung."""

    is_open: Callable[[], bool]
    deliveries: Callable[[Sequence[Notification]], list[Delivery]]


def _pushes(stored: Sequence[Notification]) -> list[Delivery]:
    """Three queries, and one more when there is a device."""
    wanted = _wanted(stored)
    lanes = {(one.pk, device.pk): lane_of(device.pk, one.ticket_id) for one, device in wanted}
    begins, now = _next_turns(lanes.values()), timezone.now()
    return [
        Delivery(
            transport=PUSH,
            target=str(device.pk),
            thing=thing_of(one),
            lane=(lane := lanes[one.pk, device.pk]),
            payload={RING: one.pk},
            next_try_at=begins.get(lane, now),
        )
        for one, device in wanted
    ]


WAYS = [Way(lambda: settings.FCM_CREDENTIALS is not None, _pushes)]
"""Others join when their part of the site is ready."""


def _wanted(notifications: Sequence[Notification]) -> list[tuple[Notification, Device]]:
    users = {one.user_id for one in notifications}
    devices = defaultdict(list)
    for device in Device.objects.filter(user__in=users):
        devices[device.user_id].append(device)
    found = ringing([one for one in notifications if one.user_id in devices])
    return [(one, to) for one in found for to in devices[one.user_id] if one.kind not in to.muted_kinds]


def ringing(notifications: Sequence[Notification]) -> list[Notification]:
    """Those whose people want to be rung. Two queries."""
    users = {one.user_id for one in notifications}
    preferences = Preferences.objects.in_bulk(users)
    pairs = MutedTicket.objects.filter(ticket__in={one.ticket_id for one in notifications}, user__in=users)
    muted = set(pairs.values_list("user_id", "ticket_id"))

    def kept(one: Notification) -> Preferences:
        return preferences.get(one.user_id) or Preferences(user_id=one.user_id)

    return [one for one in notifications if rings(one, kept(one), (one.user_id, one.ticket_id) in muted)]


def rings(notification: Notification, preferences: Preferences, muted: bool) -> bool:
    """Whether its person wants to be rung for it at all."""
    in_digest = preferences.digest and notification.kind in INFO
    silent = in_digest or notification.facts.get("priority") == "low"
    return not silent and heeds(notification, preferences, muted)


def heeds(notification: Notification, preferences: Preferences, muted: bool) -> bool:
    """Whether its person wants to hear of it, at once or in the digest."""
    if not wants(preferences, notification.kind) or (muted and notification.kind != Kind.MENTION):
        return False
    return not preferences.only_mine or notification.kind == Kind.MENTION or _is_theirs(notification)


def _is_theirs(notification: Notification) -> bool:
    ticket, user = notification.ticket, notification.user_id
    return ticket is None or user in (ticket.owner_id, ticket.assigned_to_id, ticket.claimed_by_id)


def _next_turns(lanes: Iterable[str]) -> dict[str, datetime]:
    """When a lane that rang just now may ring again."""
    since = timezone.now() - PAUSE
    names = {lane for lane in lanes if lane}
    if not names:
        return {}
    rang = Delivery.objects.filter(lane__in=names, sent_at__gt=since).order_by().values("lane")
    return {row["lane"]: row["last"] + PAUSE for row in rang.annotate(last=Max("sent_at"))}


@transaction.atomic
def take_back_read(ticket_pk: int, user_pk: int) -> int:
    """What somebody has read need not ring any more, and goes from the screens where it did. How many."""
    mark = ReadMark.objects.filter(ticket=ticket_pk, user=user_pk).first()
    rows = Notification.objects.filter(user=user_pk, ticket=ticket_pk, read_at=None)
    read = rows.filter(event__seq__lte=mark.seq if mark else 0)
    return _take_back(list(read.select_related("ticket", "event")), "Read.")


@transaction.atomic
def take_back_deleted(ticket_pk: int, message_pk: int | None) -> int:
    """What was said of a message that is gone, or of a whole ticket (None). How many.

    It stays on a screen that shows something else of the ticket too: taking that away would hide it.
    """
    unread = Notification.objects.filter(ticket=ticket_pk, read_at=None).select_related("ticket", "event")
    gone = unread if message_pk is None else unread.filter(event__message=message_pk)
    by_user: dict[int, list[Notification]] = defaultdict(list)
    for one in gone.order_by("pk"):
        by_user[one.user_id].append(one)
    keys = [one.pk for group in by_user.values() for one in group]
    others = unread.filter(user__in=by_user).exclude(pk__in=keys)
    shown = set(others.values_list("user_id", flat=True))
    return sum(_take_back(group, "Deleted.", hide=key not in shown) for key, group in by_user.items())


def _take_back(notifications: list[Notification], reason: str, *, hide: bool = True) -> int:
    """Of one person, about one ticket."""
    if not notifications:
        return 0
    Notification.objects.filter(pk__in=[one.pk for one in notifications]).update(read_at=timezone.now())
    things = [thing_of(one) for one in notifications]
    # Before they are taken back: one that is on its way at this moment may arrive all the same.
    rang = Delivery.objects.filter(transport=PUSH, thing__in=things, attempts__gt=0)
    targets = dict(rang.order_by("pk").values_list("target", "drainer"))
    for thing in things:
        retract(PUSH, thing, reason=reason)
    if hide:
        _take_off_screens(max(notifications, key=lambda one: one.pk), targets)
    return len(notifications)


def _take_off_screens(last: Notification, targets: dict[str, str]) -> None:
    """On each of these devices; where a drainer is at one just now, after it."""
    now = timezone.now()
    queue(
        Delivery(
            transport=PUSH,
            target=target,
            thing=f"read:{last.pk}",
            lane=lane_of(int(target), last.ticket_id),
            payload={TAKE_BACK: last.pk},
            next_try_at=now + ON_ITS_WAY if drainer else now,
        )
        for target, drainer in sorted(targets.items())
    )
