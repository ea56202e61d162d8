from __future__ import annotations

import asyncio

import pytest

from monitoring.engine import limits
from monitoring.engine.limits import Limits


class Checks:
    """Checks that end when they are told to."""

    def __init__(self, given: Limits) -> None:
        self.limits, self.begun = given, []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.ends: dict[str, asyncio.Event] = {}

    async def start(self, *names: str) -> None:
        for name in names:
            self.ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._run(name))
        await self.settle()

    async def _run(self, name: str) -> None:
        async with self.limits.place(name[0]):
            self.begun.append(name)
            await self.ends[name].wait()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()
        await self.settle()


async def test_no_more_at_once_than_there_are_places():
    checks = Checks(Limits(at_once=2))
    await checks.start("a1", "b1", "c1")
    assert (checks.begun, checks.limits.running, checks.limits.waiting) == (["a1", "b1"], 2, 1)
    await checks.end("a1")
    assert checks.begun == ["a1", "b1", "c1"]


async def test_those_who_wait_for_one_host_hold_up_no_other():
    checks = Checks(Limits(at_once=2, at_one_host=1))
    await checks.start("a1", "a2", "a3", "b1")
    assert checks.begun == ["a1", "b1"]
    await checks.end("a1", "b1")
    assert checks.begun == ["a1", "b1", "a2"]


async def test_those_that_hang_give_their_places_away(monkeypatch):
    monkeypatch.setattr(limits, "YOUNG_SECONDS", 0.01)
    checks = Checks(Limits(at_once=1, most=3))
    await checks.start("a1", "b1", "c1", "d1")
    async with asyncio.timeout(5):
        while len(checks.begun) < 3:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert checks.begun == ["a1", "b1", "c1"]
    await checks.end("a1", "b1", "c1", "d1")
    assert (checks.limits.running, checks.limits._hosts) == (0, {})


@pytest.mark.parametrize("name", ["a1", "b1"])
async def test_who_is_cancelled_leaves_no_trace(name):
    checks = Checks(Limits(at_once=1))
    await checks.start("a1", "b1")
    checks.tasks[name].cancel()
    await checks.settle()
    await checks.end("a1", "b1")
    await asyncio.gather(*checks.tasks.values(), return_exceptions=True)
    assert (checks.limits.running, checks.limits.waiting, checks.limits._hosts) == (0, 0, {})
    async with checks.limits.place("c"):
        assert checks.limits.young.locked()
    assert not checks.limits.young.locked()
