"""Ways out. An app registers its own in `ready()`; the drainer finds it by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import httpx

from hazesite.outgoing.models import Delivery


@dataclass(frozen=True)
class Sent:
    """The other side has taken it. `also`: keys of those waiting that were told in the same breath."""

    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Retry:
    """Not this time. `after`: the other side said how many seconds to wait, and means the whole target."""

    reason: str
    after: float | None = None


@dataclass(frozen=True)
class Wait:
    """It is not its time yet: nothing failed. `whole_target`: nor that of anything else for its target."""

    until: datetime
    whole_target: bool = False


@dataclass(frozen=True)
class GiveUp:
    """It will never work: into the dead letter."""

    reason: str


@dataclass(frozen=True)
class Retract:
    """It is not wanted any more. `also`: keys of those waiting that are not either, for the same reason."""

    reason: str
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ready:
    """It is wanted; `content` is what `send` gets, made from the rows as they are now."""

    content: Any


Outcome = Sent | Retry | Wait | GiveUp | Retract
Verdict = Ready | Outcome
Settled = Sequence[tuple[Delivery, Outcome]]


class Transport:
    """A subclass has a `name` and says how to send.

    `check` and `settled` run in a thread of the database, `send` on the drainer's event loop (a blocking
    library goes through `asyncio.to_thread` and has a time limit of its own). What `check` or `send` raises
    counts as a failure that is tried again.
    """

    name: ClassVar[str]
    deadline: ClassVar[float] = 10.0
    """Seconds that one `send` may take; then it counts as failed."""
    at_once: ClassVar[int] = 64
    """How many may be under way, in one drainer."""
    at_once_per_target: ClassVar[int] = 4
    """How many of them to one target; while its latest attempt failed, only one."""

    def check(self, deliveries: Sequence[Delivery]) -> Mapping[int, Verdict]:
        """For each primary key: send it, and what, or not. Right before sending, in no transaction."""
        return {delivery.pk: Ready(delivery.payload) for delivery in deliveries}

    async def send(self, delivery: Delivery, content: Any, out: httpx.AsyncClient) -> Outcome:
        """Outside of any transaction. `out` is the guarded client of `hazesite.outbound`."""
        raise NotImplementedError

    def settled(self, settled: Settled) -> None:
        """In the transaction that settles these: note what was learnt of the targets (gone, say)."""


TRANSPORTS: dict[str, Transport] = {}


def register(transport: Transport) -> None:
    TRANSPORTS[transport.name] = transport
