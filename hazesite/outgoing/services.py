"""Queueing, leasing and settling. Every write that settles a delivery names the lease it is made under."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from hazesite.housekeeping import chore
from hazesite.outgoing.models import LIFETIME, Delivery, DeliveryQuerySet
from hazesite.outgoing.room import Room
from hazesite.outgoing.transports import (
    TRANSPORTS,
    GiveUp,
    Outcome,
    Retract,
    Retry,
    Sent,
    Transport,
    Wait,
)

logger = structlog.get_logger(__name__)
LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 5.0, 3600.0
HELD_BACK_AT_ONCE = 1000
TOLD_TOGETHER = "Told together with delivery"
"""How the reason of what went out in another's breath begins."""
KEEP_SENT, KEEP_GIVEN_UP = timedelta(days=7), timedelta(days=90)
State = Delivery.State


# --- for those who have something to send ------------------------------------
def queue(deliveries: Iterable[Delivery]) -> None:
    """Store unsaved rows in the transaction of their cause. What is there already is left as it is.

    Rows of one lane go out in the order of their ids, so its causes are to exclude each other (a row lock).
    One query; none when there is nothing to store.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a delivery was queued outside of a transaction")
    if rows := list(deliveries):
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def retract(transport: str, thing: str, targets: Iterable[str] | None = None, *, reason: str = "") -> int:
    """What of this has not been sent yet will not be (to these targets, or to all). How many that were.

    One that is on its way at this moment may still arrive: then it has `sent_at`, and is retracted all the
    same.
    """
    rows = Delivery.objects.waiting().filter(transport=transport, thing=thing)
    if targets is not None:
        rows = rows.filter(target__in=list(targets))
    return _retract(rows, reason)


def retract_delivery(delivery: Delivery) -> bool:
    """By hand. False: it was settled already."""
    return bool(_retract(Delivery.objects.waiting().filter(pk=delivery.pk), "By hand."))


@transaction.atomic
def _retract(rows: DeliveryQuerySet, reason: str) -> int:
    lanes = set(rows.exclude(lane="").order_by().values_list("lane", flat=True))
    count = rows.update(**_ended(State.RETRACTED, reason))
    _release(lanes)
    return count


@transaction.atomic
def send_again(delivery: Delivery) -> bool:
    """By hand: what was given up or retracted, or waits for its next attempt. False: sent, or being sent."""
    now = timezone.now()
    again = {"state": State.QUEUED, "attempts": 0, "next_try_at": now, "expires_at": now + LIFETIME}
    stopped = Q(state__in=[State.GIVEN_UP, State.RETRACTED], sent_at=None)
    rests = Q(state=State.FAILED, drainer="")
    rows = Delivery.objects.filter(stopped | rests, pk=delivery.pk)
    done = rows.update(**again, fence=F("fence") + 1, reason="", ended_at=None)
    if done and delivery.lane:
        _release([delivery.lane])
    return bool(done)


def _ended(state: str, reason: str) -> dict[str, Any]:
    settled = {"state": state, "reason": reason[:500], "ended_at": timezone.now()}
    return settled | {"next_try_at": None, "drainer": ""}


def _release(lanes: Iterable[str]) -> None:
    """Those behind one that failed were held back until its next attempt, which will not be then."""
    if held := list(lanes):
        now = timezone.now()
        rows = Delivery.objects.waiting().filter(lane__in=held, drainer="", state=State.QUEUED)
        rows.filter(next_try_at__gt=now).update(next_try_at=now)


# --- for the drainer ---------------------------------------------------------
def lease(drainer: str, room: Room) -> list[Delivery]:
    """Take what is due and what there is room for. A look that finds nothing takes no lock.

    What is past its time is leased like the rest: the drainer gives it up instead of sending it.
    """
    rows = _without(Delivery.objects.due().filter(transport__in=room.open_transports()), room)
    count = _down_the_line(rows, room.copy()) if room.left else 0
    if not count:
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        taken = [delivery for delivery in rows[:count] if room.admit(delivery)]
        by_transport = defaultdict(list)
        for delivery in taken:
            by_transport[delivery.transport].append(delivery)
        for name, group in by_transport.items():
            _take(group, drainer, timezone.now() + LEASE + timedelta(seconds=TRANSPORTS[name].deadline))
    return taken


def _down_the_line(rows: DeliveryQuerySet, room: Room) -> int:
    """How many of these to read so that all are among them that there is room for.

    Where one transport has much to send and few places left, most of what is due is not for now.
    """
    found = rows.values_list("transport", "target")[: room.left]
    return max((number for number, address in enumerate(found, 1) if room.take(*address)), default=0)


def _without(rows: DeliveryQuerySet, room: Room) -> DeliveryQuerySet:
    for transport, targets in room.full_targets().items():
        rows = rows.exclude(transport=transport, target__in=targets)
    return rows


def _take(group: list[Delivery], drainer: str, until: datetime) -> None:
    rows = Delivery.objects.filter(pk__in=[delivery.pk for delivery in group])
    rows.update(drainer=drainer, next_try_at=until, fence=F("fence") + 1, attempts=F("attempts") + 1)
    for delivery in group:
        delivery.drainer, delivery.next_try_at = drainer, until
        delivery.fence += 1
        delivery.attempts += 1


@transaction.atomic
def settle(outcomes: Iterable[tuple[Delivery, Outcome]]) -> list[Delivery]:
    """Write down how sending went. Returns those whose lease was lost meanwhile: theirs does not count.

    Two queries for all that were sent, however many; the few others have theirs each.
    """
    counted: dict[str, list[tuple[Delivery, Outcome]]] = defaultdict(list)
    outcomes, lost = list(outcomes), []
    sent = _settle_sent([(delivery, one) for delivery, one in outcomes if isinstance(one, Sent)])
    for delivery, outcome in outcomes:
        held = delivery.pk in sent if isinstance(outcome, Sent) else SETTLE[type(outcome)](delivery, outcome)
        if held:
            counted[delivery.transport].append((delivery, outcome))
        else:
            lost.append(delivery)
    for name, settled in counted.items():
        _tell(TRANSPORTS[name], settled)
    return lost


def _tell(transport: Transport, settled: list[tuple[Delivery, Outcome]]) -> None:
    """A transport that cannot note what it learnt is no reason to send again what was sent."""
    try:
        with transaction.atomic():
            transport.settled(settled)
    except Exception as error:
        logger.exception("transport_cannot_note", transport=transport.name, error=repr(error))


def _settle_sent(sent: Iterable[tuple[Delivery, Sent]]) -> set[int]:
    """The keys of those whose lease still held."""
    if not (fences := {delivery.pk: delivery.fence for delivery, _outcome in sent}):
        return set()
    states = _states_of(fences)
    waiting = [pk for pk, state in states.items() if state in (State.QUEUED, State.FAILED)]
    retracted = [
        pk for pk, state in states.items() if state == State.RETRACTED
    ]  # it was on its way meanwhile
    now = timezone.now()
    Delivery.objects.filter(pk__in=waiting).update(**_ended(State.SENT, ""), sent_at=now)
    if retracted:
        Delivery.objects.filter(pk__in=retracted).update(sent_at=now)
    _settle_together({delivery.pk: outcome.also for delivery, outcome in sent}, waiting)
    return {*waiting, *retracted}


def _settle_together(also: dict[int, tuple[int, ...]], told: Iterable[int]) -> None:
    for pk in told:
        if also[pk]:
            together = Delivery.objects.waiting().filter(pk__in=also[pk], drainer="")
            together.update(**_ended(State.RETRACTED, f"{TOLD_TOGETHER} {pk}."))


def _states_of(fences: dict[int, int]) -> dict[int, str]:
    """Of those that nobody has leased since, which stay as they are until the transaction ends."""
    rows = Delivery.objects.filter(pk__in=fences).select_for_update().order_by("pk")
    found = rows.values_list("pk", "fence", "state")
    return {pk: state for pk, fence, state in found if fences[pk] == fence}


def _settle_retry(delivery: Delivery, outcome: Retry) -> bool:
    # Not beyond its end: it is given up when that comes.
    until = min(timezone.now() + pause_after(delivery, outcome.after), delivery.expires_at)
    failed = {"state": State.FAILED, "next_try_at": until, "reason": outcome.reason[:500], "drainer": ""}
    if not _mine(delivery).update(**failed):
        return False
    _hold_back(delivery, until, whole_target=outcome.after is not None)
    return True


def _settle_wait(delivery: Delivery, outcome: Wait) -> bool:
    until = min(outcome.until, delivery.expires_at)
    waits = {"state": State.QUEUED, "next_try_at": until, "drainer": "", "attempts": F("attempts") - 1}
    if not _mine(delivery).update(**waits):
        return False
    _hold_back(delivery, until, whole_target=outcome.whole_target)
    return True


def _hold_back(delivery: Delivery, until: datetime, *, whole_target: bool) -> None:
    """Nobody needs to look at those behind it before it is tried again itself."""
    together = Q(lane=delivery.lane) if delivery.lane else Q()
    if whole_target:
        together |= Q(transport=delivery.transport, target=delivery.target)
    if not together:
        return
    rows = Delivery.objects.waiting().filter(together, drainer="", next_try_at__lte=timezone.now())
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)  # two drainers may hold the same ones back
    held = list(rows.order_by("pk").values_list("pk", flat=True)[:HELD_BACK_AT_ONCE])
    Delivery.objects.filter(pk__in=held).update(next_try_at=until)


def _settle_end(delivery: Delivery, outcome: GiveUp | Retract) -> bool:
    state = State.GIVEN_UP if isinstance(outcome, GiveUp) else State.RETRACTED
    if not _mine(delivery).update(**_ended(state, outcome.reason)):
        return False
    if isinstance(outcome, Retract) and outcome.also:
        together = Delivery.objects.waiting().filter(pk__in=outcome.also, drainer="")
        together.update(**_ended(State.RETRACTED, outcome.reason))
    if delivery.lane:
        _release([delivery.lane])
    return True


SETTLE: dict[type[Any], Callable[[Delivery, Any], bool]] = {
    Retry: _settle_retry,
    Wait: _settle_wait,
    GiveUp: _settle_end,
    Retract: _settle_end,
}


def give_back(deliveries: Iterable[Delivery]) -> None:
    """This drainer stops before these were sent: another takes them at once, the attempt does not count."""
    for delivery in deliveries:
        back = {"next_try_at": timezone.now(), "drainer": "", "attempts": F("attempts") - 1}
        _mine(delivery).update(**back)


def _mine(delivery: Delivery) -> DeliveryQuerySet:
    return Delivery.objects.waiting().filter(pk=delivery.pk, fence=delivery.fence)


def pause_after(delivery: Delivery, asked_for: float | None) -> timedelta:
    """Doubles with each attempt, partly by chance; at least what was asked for, at most an hour."""
    longest = FIRST_PAUSE_SECONDS * 2 ** min(delivery.attempts - 1, 20)
    pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    return timedelta(seconds=min(max(pause, asked_for or 0.0), MAX_PAUSE_SECONDS))


# --- looking after it --------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """How sending by one transport goes."""

    queued: int = 0
    failed: int = 0
    """Will be tried again."""
    given_up: int = 0
    due: int = 0
    oldest_seconds: float = 0.0
    """How long what is due now has been due, at most; 0 when nothing is."""


def backlog() -> dict[str, Line]:
    """By transport, what waits or was given up. Two queries, each on what is not settled well."""
    now = timezone.now()
    late = Q(next_try_at__lte=now)
    waiting = Delivery.objects.waiting().order_by().values("transport")
    rows = waiting.annotate(
        queued=Count("pk", filter=Q(state=State.QUEUED)),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        due=Count("pk", filter=late),
        first=Min("next_try_at", filter=late),
    )
    lost = Delivery.objects.filter(state=State.GIVEN_UP).order_by().values("transport")
    given_up = {row["transport"]: row["count"] for row in lost.annotate(count=Count("pk"))}
    lines = {name: Line(given_up=count) for name, count in given_up.items()}
    for row in rows:
        oldest = (now - row["first"]).total_seconds() if row["first"] else 0.0
        lines[row["transport"]] = Line(
            row["queued"], row["failed"], given_up.get(row["transport"], 0), row["due"], max(0.0, oldest)
        )
    return lines


@chore
def forget_old_deliveries() -> int:
    now = timezone.now()
    ended = [State.SENT, State.RETRACTED]
    done, _rows = Delivery.objects.filter(state__in=ended, ended_at__lt=now - KEEP_SENT).delete()
    given_up = Delivery.objects.filter(state=State.GIVEN_UP, ended_at__lt=now - KEEP_GIVEN_UP)
    return done + given_up.delete()[0]


@chore
def give_up_what_nobody_sends() -> int:
    """What is long past its time although drainers run: its transport is gone."""
    overdue = Delivery.objects.waiting().filter(expires_at__lt=timezone.now() - timedelta(hours=1))
    reason = "Nothing here knows how to send it."
    return overdue.exclude(transport__in=TRANSPORTS).update(**_ended(State.GIVEN_UP, reason))
