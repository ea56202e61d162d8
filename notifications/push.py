"""Pushes to devices: what they say is made from the rows at the moment they go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import structlog
from django.conf import settings
from django.utils import timezone
from firebase_admin import messaging
from firebase_admin.messaging import Message

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import (
    GiveUp,
    Outcome,
    Ready,
    Retract,
    Retry,
    Sent,
    Settled,
    Transport,
    Verdict,
    Wait,
)
from notifications import fcm
from notifications.models import Device, Notification
from notifications.services.telling import PAUSE, PUSH, RING, TAKE_BACK
from notifications.standing import Standing, waiting_in
from notifications.wording import body_of, title_of

logger = structlog.get_logger(__name__)
LOOK_AGAIN = timedelta(seconds=15)
"""Whoever has the ticket open is not rung; when they leave without reading, they are soon."""
TTL = timedelta(hours=24)


@dataclass(frozen=True)
class Push:
    message: Message
    also: tuple[int, ...] = ()


class PushTransport(Transport):
    name = PUSH
    deadline = fcm.TIMEOUT_SECONDS + 4.0
    at_once = fcm.THREADS
    at_once_per_target = 1

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(fcm.THREADS, thread_name_prefix="push")
        self._paused_until: datetime | None = None

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        """Eight queries, however many there are."""
        now = timezone.now()
        if settings.FCM_CREDENTIALS is None:
            return {one.pk: Wait(now + timedelta(minutes=5)) for one in deliveries}
        if self._paused_until is not None and now < self._paused_until:
            return {one.pk: Wait(self._paused_until) for one in deliveries}
        outlook = Outlook(deliveries, now)
        return {one.pk: outlook.verdict(one) for one in deliveries}

    async def send(self, delivery: Delivery, content: Push, out: httpx.AsyncClient) -> Outcome:
        loop = asyncio.get_running_loop()
        outcome = await loop.run_in_executor(self._threads, fcm.fcm().send, content.message)
        if isinstance(outcome, Sent):
            return Sent(content.also)
        if fcm.is_quota(outcome) and isinstance(outcome, Retry) and outcome.after:
            # The quota is the project's: asking for other devices only uses it up.
            self._paused_until = timezone.now() + timedelta(seconds=outcome.after)
            logger.warning("fcm_quota_exceeded", pause_seconds=outcome.after)
        return outcome

    def settled(self, settled: Settled) -> None:
        gone = [int(one.target) for one, outcome in settled if outcome == GiveUp(fcm.GONE)]
        if gone:
            Device.objects.filter(pk__in=gone).delete()
        rang = {one.lane for one, outcome in settled if isinstance(outcome, Sent) and is_ring(one)} - {""}
        if rang:
            rows = Delivery.objects.waiting().filter(lane__in=rang, drainer="", payload__has_key=RING)
            rows.update(next_try_at=timezone.now() + PAUSE)


def is_ring(delivery: Delivery) -> bool:
    """Not one that takes something off a screen."""
    return RING in delivery.payload


def about(delivery: Delivery) -> int:
    """The key of its notification."""
    return int(delivery.payload.get(RING) or delivery.payload[TAKE_BACK])


class Outlook:
    """The rows that say whether, and what, each of some deliveries is to be."""

    def __init__(self, deliveries: Sequence[Delivery], now: datetime) -> None:
        self.devices = Device.objects.in_bulk({int(one.target) for one in deliveries})
        self.waiting = waiting_in((one.lane for one in deliveries), PUSH)
        together = [*deliveries, *(one for lane in self.waiting.values() for one in lane)]
        self.standing = Standing(map(about, together), now)

    def verdict(self, delivery: Delivery) -> Verdict:
        device = self.devices.get(int(delivery.target))
        notification = self.standing.notifications.get(about(delivery))
        if device is None or notification is None or device.user_id != notification.user_id:
            return Retract("The device is gone.")
        if not is_ring(delivery):
            return Ready(Push(_addressed(taken_back(notification), device)))
        if reason := self.unwanted(notification, device):
            return Retract(reason)
        return self._when(notification) or self._told(delivery, notification, device)

    def unwanted(self, one: Notification, device: Device) -> str:
        """Why it is not wanted any more; empty when it is."""
        muted = "Not wanted any more." if one.kind in device.muted_kinds else ""
        return self.standing.unwanted(one) or muted

    def _when(self, one: Notification) -> Verdict | None:
        if self.standing.is_present(one):
            return Wait(self.standing.now + LOOK_AGAIN)
        until = self.standing.quiet_until(one)
        return Wait(until) if until else None

    def _told(self, delivery: Delivery, one: Notification, device: Device) -> Verdict:
        """Together with everything else that waits for this device about this ticket."""
        waiting = self.waiting.get(delivery.lane, [])
        told, also = self.standing.together(
            delivery, one, waiting, lambda found: self.unwanted(found, device)
        )
        message = rung(told, private=self.standing.preferences_of(one.user_id).private)
        return Ready(Push(_addressed(message, device), also))


def _addressed(message: Message, device: Device) -> Message:
    return fcm.address(message, device.kind, device.address)


def rung(told: Sequence[Notification], *, private: bool) -> Message:
    """Data alone, which the app shows itself; for iOS, which shows nothing by itself, an alert."""
    last = told[-1]
    title, body = title_of(last), body_of(told, private=private)
    data = {
        "title": title,
        "body": body,
        "notification_type": last.kind,
        "notification_id": str(last.pk),
        "count": str(len(told)),
        "open_tab": "messages",
    }
    alert = messaging.APNSPayload(
        messaging.Aps(alert=messaging.ApsAlert(title, body), sound="default", thread_id=_group(last))
    )
    message = _message(data, last, "high", {"apns-priority": "10", "apns-push-type": "alert"}, alert)
    if last.ticket_id is None:
        # The app shows only what is about a ticket; this the system shows.
        message.android.notification = messaging.AndroidNotification(title, body, tag=_group(last))
    return message


def taken_back(last: Notification) -> Message:
    """Read elsewhere: the app removes what it shows of this ticket. Without words, so none is shown."""
    silent = messaging.APNSPayload(messaging.Aps(content_available=True))
    headers = {"apns-priority": "5", "apns-push-type": "background"}
    return _message({"notification_type": "ticket_read"}, last, "normal", headers, silent)


def _message(
    data: dict[str, str],
    about: Notification,
    priority: str,
    headers: dict[str, str],
    apns: messaging.APNSPayload,
) -> Message:
    if about.ticket is not None:
        data |= {"ticket_id": about.ticket.public_id, "ticket_num": str(about.ticket_id)}
    group = _group(about)
    return Message(
        data=data,
        android=messaging.AndroidConfig(collapse_key=group, priority=priority, ttl=TTL),
        apns=messaging.APNSConfig(headers={**headers, "apns-collapse-id": group}, payload=apns),
        webpush=messaging.WebpushConfig(headers={"Topic": group, "Urgency": priority, "TTL": "86400"}),
    )


def _group(one: Notification) -> str:
    return f"ticket-{one.ticket_id}" if one.ticket_id else one.thing.replace(":", "-")[:32]
