"""Trying whether FCM takes a push at all."""

from __future__ import annotations

from django.conf import settings
from firebase_admin.messaging import Message

from accounts.models import User
from hazesite import ratelimits
from hazesite.errors import NotAllowed
from hazesite.outgoing.transports import GiveUp, Retry
from notifications import fcm
from notifications.errors import PushFailed, PushNotConfigured

TESTS_PER_USER = "10/m"


def send_test(actor: User, address: str, kind: str, title: str, body: str) -> None:
    """At once, past the ledger: whoever tries wants FCM's answer. Never inside a transaction.

    Raises `NotAllowed`, `PushNotConfigured`, `TooMany`, and `PushFailed` with the reason.
    """
    if not actor.is_admin:
        raise NotAllowed
    if settings.FCM_CREDENTIALS is None:
        raise PushNotConfigured
    ratelimits.spend("push-tests", actor.pk, TESTS_PER_USER)
    data = {"title": title, "body": body, "ticket_id": "test", "notification_type": "test"}
    outcome = fcm.fcm().send(fcm.address(Message(data=data), kind, address))
    if isinstance(outcome, (GiveUp, Retry)):
        raise PushFailed(f"{PushFailed.message} {outcome.reason}")
