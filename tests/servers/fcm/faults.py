"""What goes wrong because a test wants it to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.servers.fcm.errors import FAILURES

TOKEN_FAILURES = ("invalid_grant", "500")
WAYS = ("hang", "cut", "502")
"""Besides the codes: no answer, a cut connection, a page of the proxy in front."""


@dataclass
class Fault:
    what: str
    token: str | None = None
    """Of the phone (or its installation id, or a topic) it is for; None is any."""
    times: int | None = 1
    """None for ever."""
    done: bool = False
    """The message is accepted all the same."""
    retry_after: float | None = None
    seconds: float = 60.0
    """How long a hanging request hangs before its connection is cut."""
    met: int = 0

    def fits(self, token: str | None) -> bool:
        fresh = self.times is None or self.met < self.times
        return fresh and self.token in (None, token)


@dataclass
class Faults:
    """The ones a test asked for; the first that fits a request takes it."""

    known: tuple[str, ...]
    asked: list[Fault] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, what: str, fault: Fault) -> None:
        """Raises ValueError for what cannot go wrong."""
        fault.done, fault.what = what.startswith("do and "), what.removeprefix("do and ")
        if fault.what not in self.known:
            raise ValueError(f"{fault.what} is none of {', '.join(self.known)}")
        self.let_go.clear()
        self.asked.append(fault)

    def clear(self) -> None:
        """Forgets all, and cuts what hangs."""
        self.asked.clear()
        self.let_go.set()

    def meet(self, token: str | None = None) -> Fault | None:
        for fault in self.asked:
            if fault.fits(token):
                fault.met += 1
                return fault
        return None

    async def hang(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.let_go.wait()
        except TimeoutError:
            pass


def of_sending() -> Faults:
    return Faults((*FAILURES, *WAYS))


def of_tokens() -> Faults:
    return Faults((*TOKEN_FAILURES, *WAYS))
