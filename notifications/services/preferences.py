"""What people want to hear of, where, and when not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from hazesite.errors import Unfit
from notifications.kinds import SWITCHES
from notifications.models import Device, MutedTicket, Preferences
from tickets.models import Ticket


def preferences_of(user: User) -> Preferences:
    """Unsaved defaults for those who never changed any."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user)


@transaction.atomic
def change_preferences(
    user: User,
    switches: dict[str, Any],
    *,
    time_zone: str | None = None,
    devices: Iterable[dict[str, Any]] = (),
    muted_tickets: Iterable[str] | None = None,
) -> Preferences:
    """Only what is given changes. `devices`: `id` and `muted`, of one's own; `muted_tickets`: all of them.

    Raises `Invalid` for somebody else's device and for a ticket one cannot see; then nothing is changed.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    kept = preferences_of(user)
    for name, value in switches.items():
        setattr(kept, name, value)
    kept.save()
    if time_zone is not None:
        user.time_zone = time_zone
        user.save(update_fields=["time_zone"])
    for one in devices:
        if not Device.objects.filter(pk=one["id"], user=user).update(muted_kinds=sorted(set(one["muted"]))):
            raise Unfit(fields={"devices": [f"{one['id']} is none of yours."]})
    if muted_tickets is not None:
        _mute(user, set(muted_tickets))
    return kept


def _mute(user: User, wanted: set[str]) -> None:
    tickets = Ticket.objects.visible_to(user).filter(public_id__in=wanted)
    found = dict(tickets.values_list("public_id", "pk"))
    if unknown := sorted(wanted - found.keys()):
        raise Unfit(fields={"muted_tickets": [f"{unknown[0]} is not known."]})
    MutedTicket.objects.filter(user=user).exclude(ticket__in=found.values()).delete()
    rows = [MutedTicket(user=user, ticket_id=pk) for pk in found.values()]
    MutedTicket.objects.bulk_create(rows, ignore_conflicts=True)


def muted_by(user: User) -> list[str]:
    """Ticket ids."""
    return sorted(MutedTicket.objects.filter(user=user).values_list("ticket__public_id", flat=True))


def wants(preferences: Preferences, kind: str) -> bool:
    return preferences.notifications_enabled and getattr(preferences, SWITCHES[kind])


def quiet_until(preferences: Preferences, time_zone: str, now: datetime) -> datetime | None:
    """When the quiet hours of `now` end; None where there are none."""
    start, end = preferences.quiet_from, preferences.quiet_to
    if start is None or end is None:
        return None
    local = now.astimezone(ZoneInfo(time_zone))
    at = local.time()
    inside = start <= at < end if start < end else at >= start or at < end
    if not inside:
        return None
    until = local.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
    return until if until > local else until + timedelta(days=1)
