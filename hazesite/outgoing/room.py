"""How much may be under way at once: in all, by transport, and to one target."""

from __future__ import annotations

from collections import Counter

from hazesite.outgoing.models import Delivery
from hazesite.outgoing.transports import TRANSPORTS

AT_ONCE = 128
Address = tuple[str, str]


class Room:
    """One target that hangs fills its own few places, and nobody else's.

    A copy serves a look into the database while the original follows what ends meanwhile.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.left = at_once
        self._under_way: Counter[Address] = Counter()
        self._by_transport: Counter[str] = Counter()
        self.failing: set[Address] = set()

    def copy(self) -> Room:
        twin = Room(self.left)
        twin._under_way, twin._by_transport = self._under_way.copy(), self._by_transport.copy()
        twin.failing = set(self.failing)
        return twin

    def admit(self, delivery: Delivery) -> bool:
        """Take a place for it, if there is one."""
        return self.take(delivery.transport, delivery.target)

    def take(self, transport: str, target: str) -> bool:
        """The same for one that has not been read yet."""
        address = (transport, target)
        if not self.left or self._is_full(address) or not self._has_room(transport):
            return False
        self.left -= 1
        self._under_way[address] += 1
        self._by_transport[transport] += 1
        return True

    def leave(self, delivery: Delivery) -> None:
        address = (delivery.transport, delivery.target)
        self.left += 1
        self._by_transport[delivery.transport] -= 1
        self._under_way[address] -= 1
        if not self._under_way[address]:
            del self._under_way[address]

    def note(self, delivery: Delivery, *, failed: bool) -> None:
        """While its latest attempt failed, a target gets one at a time."""
        address = (delivery.transport, delivery.target)
        if not failed:
            self.failing.discard(address)
        elif len(self.failing) < 10_000:  # only a courtesy: it need not be complete
            self.failing.add(address)

    def open_transports(self) -> list[str]:
        return [name for name in TRANSPORTS if self._has_room(name)]

    def full_targets(self) -> dict[str, list[str]]:
        """By transport. Only what is under way can be full, so these are few."""
        full: dict[str, list[str]] = {}
        for address in self._under_way:
            if self._is_full(address):
                full.setdefault(address[0], []).append(address[1])
        return full

    def _has_room(self, transport: str) -> bool:
        return self._by_transport[transport] < TRANSPORTS[transport].at_once

    def _is_full(self, address: Address) -> bool:
        most = 1 if address in self.failing else TRANSPORTS[address[0]].at_once_per_target
        return self._under_way[address] >= most
