"""What the notifications know of a person: their devices, their wishes, what they were told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hazesite import personal_data
from hazesite.personal_data import Part, Rows, Trace
from notifications.models import Device, MailAddress, MutedTicket, Notification, Preferences

DEVICE = ("kind", "address", "platform", "info", "muted_kinds", "created_at", "last_seen_at")
TOLD = ("kind", "ticket__public_id", "facts", "created_at", "read_at")
HELD = (Device, MailAddress, Preferences, MutedTicket, Notification)
PORTION = 1000


def export(person: Any) -> Iterable[tuple[str, Rows]]:
    yield "devices", Device.objects.filter(user=person.pk).values(*DEVICE)
    yield "mail_address", MailAddress.objects.filter(user=person.pk).values("address", "asked_at", "muted")
    yield "preferences", Preferences.objects.filter(user=person.pk).values()
    yield "muted_tickets", MutedTicket.objects.filter(user=person.pk).values("ticket__public_id")
    yield "notifications", Notification.objects.filter(user=person.pk).values(*TOLD).iterator()


def erase(trace: Trace) -> int:
    """What waits to be pushed to a device finds none when its turn comes."""
    for model in HELD:
        mine = model._default_manager.filter(user=trace.person.pk)
        keys = list(mine.values_list("pk", flat=True)[:PORTION])
        if keys:
            return model._default_manager.filter(pk__in=keys).delete()[0]
    return 0


def register() -> None:
    held = [model._meta.label for model in HELD]
    personal_data.register(Part("notifications", held, export, erase, turn=1))
    personal_data.not_personal("An announcement; who made it is a pseudonym", "notifications.Broadcast")
