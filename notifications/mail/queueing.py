"""What is to be mailed, as rows of the ledger: each once, in the transaction of its cause."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from notifications.mail.addresses import LETTER
from notifications.mail.models import MailAddress
from notifications.mail.switch import MAIL, is_on
from notifications.mail.topics import Topic
from notifications.models import Notification
from notifications.services.telling import RING, ringing, thing_of

DELAY = timedelta(minutes=10)
"""What was not read after so long, and rang nowhere, is mailed."""
DIGEST_HOURS = range(8, 12)
"""Of the person's day: the first look in them that somebody works at makes the digest."""
MAX_THING, MAX_ALERT_SUBJECT, MAX_ALERT_TEXT = 90, 200, 4000


def missed(notifications: Sequence[Notification]) -> list[Delivery]:
    """For those with a confirmed address, of what they want to be rung for. One query, or three."""
    addresses = MailAddress.objects.confirmed().in_bulk({one.user_id for one in notifications})
    mailed = [one for one in notifications if _is_mailed(one, addresses.get(one.user_id))]
    return [
        Delivery(
            transport=MAIL,
            target=str(one.user_id),
            thing=thing_of(one),
            lane=f"mail:{one.user_id}:{one.ticket_id}" if one.ticket_id else "",
            payload={LETTER: Topic.MISSED, RING: one.pk},
            next_try_at=one.created_at + DELAY,
        )
        for one in (ringing(mailed) if mailed else [])
    ]


def _is_mailed(one: Notification, address: MailAddress | None) -> bool:
    return address is not None and not address.mutes(Topic.MISSED, one.kind)


def transcript(ticket_pk: int, event_pk: int) -> None:
    """For the owner of a ticket that was closed just now. One query, and one more when it is mailed."""
    if not is_on():
        return
    address = MailAddress.objects.confirmed().filter(user__tickets=ticket_pk).first()
    if address is None or address.mutes(Topic.TRANSCRIPT):
        return
    payload = {LETTER: Topic.TRANSCRIPT, "event": event_pk}
    thing = f"transcript:{event_pk}"
    queue([Delivery(transport=MAIL, target=str(address.pk), thing=thing, payload=payload)])


def digests(now: datetime | None = None) -> int:
    """One a day for each who wished for it, in the morning of where they are. How many are due now.

    Done twice it is done once.
    """
    if not is_on():
        return 0
    now = now or timezone.now()
    rows = MailAddress.objects.confirmed().filter(user__preferences__digest=True).select_related("user")
    due = [
        Delivery(
            transport=MAIL,
            target=str(address.pk),
            thing=f"digest:{local.date()}",
            payload={LETTER: Topic.DIGEST, "until": now.isoformat()},
        )
        for address in rows.order_by("pk")
        if (local := now.astimezone(ZoneInfo(address.user.time_zone))).hour in DIGEST_HOURS
        and not address.mutes(Topic.DIGEST)
    ]
    with transaction.atomic():
        queue(due)
    return len(due)


@transaction.atomic
def alert(subject: str, text: str, key: str) -> int:
    """Mail all staff with a confirmed address, once for each key. How many that are."""
    if not is_on():
        return 0
    staff = MailAddress.objects.confirmed().filter(user__in=User.objects.staff())
    people = [address.pk for address in staff.order_by("pk") if not address.mutes(Topic.ALERT)]
    facts = {"subject": subject[:MAX_ALERT_SUBJECT], "text": text[:MAX_ALERT_TEXT]}
    payload = {LETTER: Topic.ALERT, **facts}
    queue(
        Delivery(transport=MAIL, target=str(pk), thing=_thing_of_alert(key), payload=payload) for pk in people
    )
    return len(people)


def _thing_of_alert(key: str) -> str:
    if len(key) > MAX_THING:
        key = hashlib.sha256(key.encode()).hexdigest()
    return f"alert:{key}"
