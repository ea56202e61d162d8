"""How things stand with some notifications at this moment: what is asked right before one of them goes out.

Every way out that tells people of notifications asks here, so that none says what another would not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import TOLD_TOGETHER
from notifications.models import MutedTicket, Notification, Preferences
from notifications.services.preferences import quiet_until
from notifications.services.telling import PUSH, RING, at_any_hour, rings, thing_of
from tickets.models import Presence, ReadMark

Pair = tuple[int, int]


class Standing:
    """Five queries, however many notifications; `notifications` has those that are there by their key."""

    def __init__(self, keys: Iterable[int], now: datetime) -> None:
        self.now = now
        rows = Notification.objects.select_related("user", "ticket", "event__actor", "event__message")
        self.notifications = rows.in_bulk(set(keys))
        users = {one.user_id for one in self.notifications.values()}
        tickets = {one.ticket_id for one in self.notifications.values() if one.ticket_id}
        self._preferences = Preferences.objects.in_bulk(users)
        pairs = {"user__in": users, "ticket__in": tickets}
        marks = ReadMark.objects.filter(**pairs).values_list("user_id", "ticket_id", "seq")
        self._read_up_to: dict[Pair, int] = {(user, ticket): seq for user, ticket, seq in marks}
        present = Presence.objects.filter(**pairs, expires_at__gt=now).values_list("user_id", "ticket_id")
        self._present = set(present)
        self._muted = set(MutedTicket.objects.filter(**pairs).values_list("user_id", "ticket_id"))

    def preferences_of(self, user_pk: int) -> Preferences:
        if user_pk not in self._preferences:
            self._preferences[user_pk] = Preferences(user_id=user_pk)
        return self._preferences[user_pk]

    def is_muted(self, one: Notification) -> bool:
        return (one.user_id, one.ticket_id) in self._muted

    def is_present(self, one: Notification) -> bool:
        """Whether its person has the ticket open."""
        return (one.user_id, one.ticket_id) in self._present

    def quiet_until(self, one: Notification) -> datetime | None:
        if at_any_hour(one):
            return None
        return quiet_until(self.preferences_of(one.user_id), one.user.time_zone, self.now)

    def gone(self, one: Notification) -> str:
        """Why there is nothing to tell any more; empty when there is."""
        if one.read_at or self._is_read(one):
            return "Read."
        if not one.user.is_active or (one.ticket and not _may_see(one)):
            return "It may not be seen any more."
        return "Deleted." if _is_deleted(one) else ""

    def unwanted(self, one: Notification) -> str:
        """Why its person is not to be told of it now or later; empty when they are."""
        if reason := self.gone(one):
            return reason
        wanted = rings(one, self.preferences_of(one.user_id), self.is_muted(one))
        return "" if wanted else "Not wanted any more."

    def together(
        self,
        delivery: Delivery,
        one: Notification,
        waiting: Iterable[Delivery],
        unwanted: Callable[[Notification], str],
    ) -> tuple[list[Notification], tuple[int, ...]]:
        """What is told with `one`, in order, of what waits in its lane; and the other deliveries' keys."""
        found = {delivery.pk: one}
        for other in waiting:
            told = self.notifications.get(other.payload.get(RING, 0))
            if told is not None and not unwanted(told):
                found[other.pk] = told
        return sorted(found.values(), key=lambda each: each.pk), tuple(found.keys() - {delivery.pk})

    def _is_read(self, one: Notification) -> bool:
        read = self._read_up_to.get((one.user_id, one.ticket_id or 0), 0)
        return one.event is not None and read >= one.event.seq


def waiting_in(lanes: Iterable[str], transport: str) -> dict[str, list[Delivery]]:
    """What waits in each of these lanes, in order."""
    found: dict[str, list[Delivery]] = defaultdict(list)
    rows = Delivery.objects.waiting().filter(lane__in=set(lanes) - {""}, transport=transport)
    for row in rows.order_by("pk"):
        found[row.lane].append(row)
    return found


def rang(notifications: Iterable[Notification]) -> set[int]:
    """Keys of those of these that some device has rung for, alone or together with others."""
    things = {thing_of(one) for one in notifications}
    told = Q(sent_at__isnull=False) | Q(reason__startswith=TOLD_TOGETHER)
    rows = Delivery.objects.filter(told, thing__in=things, transport=PUSH).values_list("payload", flat=True)
    return {payload[RING] for payload in rows if RING in payload}


def _may_see(one: Notification) -> bool:
    assert one.ticket is not None
    theirs = one.user.is_staff or (
        one.ticket.owner_id == one.user_id and not (one.event and one.event.is_internal)
    )
    return one.ticket.deleted_at is None and theirs


def _is_deleted(one: Notification) -> bool:
    return bool(one.event and one.event.message and one.event.message.deleted_at)
