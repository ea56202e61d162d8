"""Who has a ticket open right now. Rows, because workers ask too; they expire, because processes die."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from hazesite.housekeeping import chore
from hazesite.realtime.bus import ORIGIN
from hazesite.realtime.publication import Publication
from tickets import stream
from tickets.models import Presence, Ticket
from tickets.services.locking import require_staff
from tickets.services.reading import visible_ticket

EXPIRES_AFTER = timedelta(seconds=60)
"""Three times as long as the rows are refreshed."""


def keep_present(open_here: Mapping[str, Collection[int]], announce: Collection[str]) -> list[Publication]:
    """Store which of this process's people have which ticket open, and in place of what was before.

    Gives what staff at those tickets are told where it changed, and about those in `announce` anyway.
    """
    keys = dict(Ticket.objects.filter(public_id__in=[*open_here, *announce]).values_list("public_id", "pk"))
    known = [name for name in open_here if name in keys]
    now = {(keys[name], user) for name in known for user in open_here[name]}
    rows = Presence.objects.filter(process=ORIGIN).values_list("ticket_id", "user_id", "pk")
    before = {(ticket, user): pk for ticket, user, pk in rows}
    _store(now, [before[pair] for pair in before.keys() - now])
    changed = {ticket for ticket, _user in before.keys() ^ now} | {
        keys[name] for name in announce if name in keys
    }
    return _announcements(changed)


@transaction.atomic
def _store(now: Collection[tuple[int, int]], gone: Collection[int]) -> None:
    expires_at = timezone.now() + EXPIRES_AFTER
    rows = [Presence(ticket_id=t, user_id=u, process=ORIGIN, expires_at=expires_at) for t, u in sorted(now)]
    Presence.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["ticket", "user", "process"],
        update_fields=["expires_at"],
    )
    if gone:
        Presence.objects.filter(pk__in=gone).delete()


def _announcements(tickets: Collection[int]) -> list[Publication]:
    if not tickets:
        return []
    there: dict[int, dict[int, User]] = defaultdict(dict)
    for row in Presence.objects.filter(ticket__in=tickets, expires_at__gt=timezone.now()).select_related(
        "user"
    ):
        there[row.ticket_id][row.user_id] = row.user
    names = Ticket.objects.filter(pk__in=tickets).values_list("pk", "public_id")
    return [stream.presence(public_id, list(there[pk].values())) for pk, public_id in names]


def present_at(ticket_id: str, reader: User) -> list[User]:
    """Who has it open, on whichever device, for staff. Raises `NotFound`, `NotAllowed`."""
    require_staff(reader)
    ticket = visible_ticket(ticket_id, reader)
    there = Presence.objects.filter(ticket=ticket, expires_at__gt=timezone.now())
    return list(User.objects.filter(pk__in=there.values("user")))


@chore
def forget_expired_presence() -> int:
    gone, _rows = Presence.objects.filter(expires_at__lt=timezone.now() - EXPIRES_AFTER).delete()
    return gone
