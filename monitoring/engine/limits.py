"""How many checks run at once, in all and at each host. Who waits here is not being timed yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE, AT_ONE_HOST = 500, 32


class Limits:
    def __init__(self, at_once: int = AT_ONCE, at_one_host: int = AT_ONE_HOST) -> None:
        self.at_one_host = at_one_host
        self.waiting = self.running = 0
        self._all = asyncio.Semaphore(at_once)
        self._hosts: dict[str, tuple[asyncio.Semaphore, list[None]]] = {}

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Hosts first: those who wait for a slow one take no place from others."""
        self.waiting += 1
        semaphore, users = self._hosts.setdefault(host, (asyncio.Semaphore(self.at_one_host), []))
        users.append(None)
        is_waiting = True
        try:
            async with semaphore, self._all:
                self.waiting -= 1
                self.running += 1
                is_waiting = False
                yield
        finally:
            if is_waiting:
                self.waiting -= 1
            else:
                self.running -= 1
            users.pop()
            if not users:
                self._hosts.pop(host, None)
