"""How many checks run at once, in all and at each host. Who waits here is not being timed yet.

Beyond some 200 at once more of them only cost more each. But a check that waits for a slow target costs
nothing: after a second it gives its place to another, so that those that hang hold up nobody.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

AT_ONCE, AT_ONE_HOST, MOST = 200, 32, 4000
YOUNG_SECONDS = 1.0


@dataclass(slots=True)
class Host:
    places: asyncio.Semaphore
    users: int = 0


class Limits:
    def __init__(self, at_once: int = AT_ONCE, at_one_host: int = AT_ONE_HOST, most: int = MOST) -> None:
        self.at_one_host = at_one_host
        self.waiting = self.running = 0
        self.young, self.all = asyncio.Semaphore(at_once), asyncio.Semaphore(most)
        self._hosts: dict[str, Host] = {}

    def place(self, host: str) -> Place:
        """`async with` it, for one check at this host."""
        return Place(self, host)

    def enter(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(asyncio.Semaphore(self.at_one_host))
        host.users += 1
        return host

    def leave(self, name: str, host: Host) -> None:
        host.users -= 1
        if not host.users:
            self._hosts.pop(name, None)


@dataclass(slots=True)
class Place:
    limits: Limits
    name: str
    _host: Host | None = None
    _timer: asyncio.TimerHandle | None = None
    _held: list[asyncio.Semaphore] = field(default_factory=list)

    async def __aenter__(self) -> None:
        limits, host = self.limits, self.limits.enter(self.name)
        self._host = host
        limits.waiting += 1
        try:
            # Hosts first: those who wait for a slow one take no place from others.
            for semaphore in (host.places, limits.all, limits.young):
                await semaphore.acquire()
                self._held.append(semaphore)
        except BaseException:
            self._give_up()
            raise
        finally:
            limits.waiting -= 1
        limits.running += 1
        self._timer = asyncio.get_running_loop().call_later(YOUNG_SECONDS, self._grow_old)

    def _grow_old(self) -> None:
        self._timer = None
        self._held.pop().release()

    async def __aexit__(self, *_unused: object) -> None:
        self.limits.running -= 1
        self._give_up()

    def _give_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        while self._held:
            self._held.pop().release()
        if self._host is not None:
            self.limits.leave(self.name, self._host)
