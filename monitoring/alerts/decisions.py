"""What is still to be said, at the moment of sending, of what happened since it was queued.

Several rows may wait about one incident for one channel: that it went down, that it is still down, that it
is up again. One message says what is true now; which, is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hazesite.outgoing.transports import Retract, Wait
from monitoring.alerts.events import (
    DOWN,
    ESCALATION,
    FAST,
    REMINDER,
    SLOW,
    UP,
    WAS_DOWN,
    WAS_SLOW,
)

SOON = timedelta(seconds=2)
NEVER_TOLD = Retract("Nobody was told that it was down.")
IS_UP = Retract("It is up again.")
ACKNOWLEDGED = Retract("It was acknowledged.")
NOT_NEWS = Retract("It is as it was told.")


def of_incident(waiting: Collection[str], *, resolved: bool, acknowledged: bool, told: bool) -> str | Retract:
    """`waiting`: the events that wait; `told`: whether this channel knows of the incident already."""
    if resolved:
        return _of_resolved(waiting, told=told)
    if DOWN in waiting and not told:
        return DOWN
    if acknowledged:
        return ACKNOWLEDGED
    if ESCALATION in waiting:
        return ESCALATION
    return REMINDER if REMINDER in waiting else NOT_NEWS


def _of_resolved(waiting: Collection[str], *, told: bool) -> str | Retract:
    if told:
        return UP if UP in waiting else IS_UP
    # Whoever was not told in time hears of it as a whole, once.
    return WAS_DOWN if DOWN in waiting or ESCALATION in waiting else NEVER_TOLD


def of_slow_spell(waiting: Collection[str], *, ended: bool, told: bool, slow_again: bool) -> str | Retract:
    """`slow_again`: by then another limit is exceeded, which is told by itself."""
    if not ended:
        return SLOW if SLOW in waiting and not told else NOT_NEWS
    if slow_again:
        return NOT_NEWS
    if told:
        return FAST if FAST in waiting else IS_UP
    return WAS_SLOW if SLOW in waiting else NEVER_TOLD


@dataclass(frozen=True)
class Crowd:
    """What a channel gets at this moment."""

    sent: Sequence[datetime]
    """When messages went to it within the span that counts, oldest first."""
    flying: int
    """How many others send something to it right now."""
    waiting: int
    """How many things there are to tell it."""
    is_first: bool
    """Whether the one that asks is the oldest of what is due."""


def of_storm(crowd: Crowd, limit: int, span: timedelta, now: datetime) -> bool | Wait:
    """True: all that waits goes as one digest. False: this goes by itself."""
    if len(crowd.sent) + crowd.flying + crowd.waiting <= limit:
        return False
    if not crowd.is_first:
        return Wait(now + SOON, whole_target=True)  # another bears the digest
    if len(crowd.sent) >= limit:
        return Wait(crowd.sent[-limit] + span, whole_target=True)
    return True
