"""What goes wrong because a test wants it to."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    ANSWER = "answer"
    """`status` instead of the deed."""
    CUT = "cut"
    """The connection is cut, nothing was done."""
    HANG = "hang"
    """Nothing is done and nothing is answered until the time is over."""
    DO_AND_ANSWER = "do and answer"
    """The deed is done, the answer is `status`."""
    DO_AND_CUT = "do and cut"
    DO_AND_HANG = "do and hang"


AFTER = {Mode.DO_AND_ANSWER, Mode.DO_AND_CUT, Mode.DO_AND_HANG}


@dataclass
class Fault:
    method: str
    path: re.Pattern[str]
    mode: Mode
    status: int = 500
    retry_after: float = 1.0
    """For 429: seconds."""
    through_proxy: bool = True
    """False leaves `Via` out, as the ban of an address does."""
    seconds: float = 60.0
    """How long a hanging request hangs before its connection is cut."""
    times: int | None = 1
    """None for ever."""
    met: int = 0

    def fits(self, method: str, path: str) -> bool:
        fresh = self.times is None or self.met < self.times
        return fresh and self.method in ("*", method) and bool(self.path.search(path))


@dataclass
class Faults:
    """The ones a test asked for; the first that fits a request takes it."""

    asked: list[Fault] = field(default_factory=list)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, fault: Fault) -> None:
        self.let_go.clear()
        self.asked.append(fault)

    def clear(self) -> None:
        """Forgets all, and cuts what hangs."""
        self.asked.clear()
        self.let_go.set()

    def meet(self, method: str, path: str) -> Fault | None:
        for fault in self.asked:
            if fault.fits(method, path):
                fault.met += 1
                return fault
        return None

    async def hang(self, fault: Fault) -> None:
        try:
            async with asyncio.timeout(fault.seconds):
                await self.let_go.wait()
        except TimeoutError:
            pass
