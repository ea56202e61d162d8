"""Large bodies are checked before they are taken, and not waited for without end."""

from __future__ import annotations

import asyncio

import pytest

from hazesite import uploads
from hazesite.errors import BodyTooLarge
from hazesite.realtime import doorkeeper
from hazesite.realtime.doorkeeper import Identity, Unauthorized
from hazesite.uploads import TooManyUploads, TooSlow, Uploads

MIB = 2**20
PATH = "/large/of/these/tests"


class TwoPeople:
    """A doorkeeper who knows two tokens."""

    def by_token(self, token: str) -> Identity:
        if token not in ("1", "2"):
            raise Unauthorized
        return Identity(int(token), "somebody", "lootling", token, 0)


@pytest.fixture(autouse=True)
def large_path(monkeypatch):
    monkeypatch.setattr(uploads, "_large", [])
    monkeypatch.setattr(doorkeeper, "_doorkeeper", TwoPeople())
    uploads.allow_large(PATH, 4 * MIB)


def scope(token: str = "1", path: str = PATH) -> dict:
    return {"method": "POST", "path": path, "headers": [(b"authorization", b"Bearer " + token.encode())]}


def sender(*pieces: bytes, end: bool = True):
    """What a server gives us to receive from; without an end the client falls silent."""
    left = list(pieces)

    async def receive():
        if not left:
            await asyncio.Event().wait()
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left) or not end}

    return receive


async def whole(body) -> bytes:
    return b"".join([message["body"] async for message in body.messages()])


@pytest.mark.parametrize("pieces", [(b"small",), (), (b"x" * MIB, b"y" * MIB, b"z"), (b"x" * 3 * MIB,)])
async def test_a_body_comes_out_as_it_came_in(pieces):
    body = await Uploads().read(scope(), sender(*pieces or (b"",)))
    assert await whole(body) == b"".join(pieces)
    assert body.size == sum(map(len, pieces))
    body.close()


async def test_limits_of_this_path_and_of_all_others():
    hall = Uploads()
    (await hall.read(scope(), sender(b"x" * 4 * MIB))).close()
    with pytest.raises(BodyTooLarge):
        await hall.read(scope(), sender(b"x" * 4 * MIB, b"y"))
    with pytest.raises(BodyTooLarge):
        await hall.read(scope(path="/other"), sender(b"x" * MIB, b"y"))
    with pytest.raises(Unauthorized):
        await hall.read(scope("3"), sender(b"x" * MIB, b"y"))


async def test_places_are_few_and_come_back(monkeypatch):
    monkeypatch.setattr(uploads, "LARGE_AT_ONCE", 3)
    hall = Uploads()

    async def take(token: str):
        return await hall.read(scope(token), sender(b"x" * 2 * MIB))

    mine = [await take("1"), await take("1")]
    with pytest.raises(TooManyUploads):
        await take("1")
    hers = await take("2")
    with pytest.raises(TooManyUploads):
        await take("2")
    for body in (*mine, hers):
        body.close()
        body.close()
    (await take("2")).close()
    (await hall.read(scope("3"), sender(b"small"))).close()


async def test_who_falls_silent_loses_the_place(monkeypatch):
    monkeypatch.setattr(uploads, "SECONDS_OF_SILENCE", 0.1)
    hall = Uploads()
    for _ in range(uploads.LARGE_EACH + 1):
        with pytest.raises(TooSlow):
            await hall.read(scope(), sender(b"x" * 2 * MIB, end=False))


async def test_who_sends_a_little_now_and_then_loses_it_too(monkeypatch):
    monkeypatch.setattr(uploads, "SECONDS", 0.3)

    async def dribble():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x" * (MIB + 1 if first.pop() else 1), "more_body": True}

    first = [False] * 1000 + [True]
    with pytest.raises(TooSlow):
        await Uploads().read(scope(), dribble)
