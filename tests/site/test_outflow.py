"""What streams does not wait for its reader, what fails is told, and nothing counts as waiting for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hazesite import outflow
from hazesite.outflow import Outflow

START = {"type": "http.response.start", "status": 200, "headers": []}


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


class Reader:
    """Reads when it is let."""

    def __init__(self, *, broken: bool = False) -> None:
        self.reads, self.broken = asyncio.Event(), broken
        self.got: list[dict[str, Any]] = []

    async def __call__(self, message: Any) -> None:
        if self.broken:
            raise ConnectionResetError("gone")
        await self.reads.wait()
        self.got.append(message)


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch):
    monkeypatch.setattr(Outflow, "held", 0)


async def test_a_whole_answer_goes_straight_on():
    reader = Reader()
    flow = Outflow(reader)
    await flow(START)
    reader.reads.set()
    await flow(piece(b"all", more=False))
    assert reader.got == [START, piece(b"all", more=False)]
    await flow.finish()
    flow.drop()


async def test_pieces_wait_for_a_slow_reader_and_whoever_says_them_does_not():
    reader = Reader()
    flow = Outflow(reader)
    said = [START, piece(b"one"), piece(b"two"), piece(b"", more=False)]
    for message in said:
        await asyncio.wait_for(flow(message), 1)
    assert (reader.got, Outflow.held) == ([], 6)
    reader.reads.set()
    await asyncio.wait_for(flow.finish(), 1)
    assert (reader.got, Outflow.held) == (said, 0)
    flow.drop()


async def test_beyond_the_bound_pieces_wait_with_their_page(monkeypatch):
    monkeypatch.setattr(outflow, "MAX_HELD_BYTES", 3)
    reader = Reader()
    flow = Outflow(reader)
    await flow(START)
    await flow(piece(b"four"))
    third = asyncio.ensure_future(flow(piece(b"more")))
    await asyncio.sleep(0.05)
    assert not third.done()
    reader.reads.set()
    await asyncio.wait_for(third, 2)
    await flow.finish()
    flow.drop()


async def test_a_page_hears_that_its_reader_is_gone_even_beyond_the_bound(monkeypatch):
    monkeypatch.setattr(outflow, "MAX_HELD_BYTES", 3)
    flow = Outflow(Reader(broken=True))
    await flow(START)
    await flow(piece(b"four"))
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(flow(piece(b"more")), 2)
    flow.drop()
    assert Outflow.held == 0


async def test_what_was_dropped_waits_no_more():
    flow = Outflow(Reader())
    await flow(START)
    for _number in range(3):
        await flow(piece(b"abc"))
    await asyncio.sleep(0)
    flow.drop()
    await asyncio.sleep(0.01)
    assert Outflow.held == 0
