from __future__ import annotations

import asyncio

import pytest
from socketio.exceptions import ConnectionRefusedError as Turned

from hazesite.realtime import doorkeeper, socketio_door
from hazesite.realtime.doorkeeper import Identity
from hazesite.realtime.hub import hub
from hazesite.realtime.socketio_door import server


class Guest:
    """Lets everybody in, and lets the connection end while it looks at the token."""

    def __init__(self, leaves: bool) -> None:
        self.leaves = leaves

    def by_token(self, _token: str) -> Identity:
        if self.leaves:
            server.environ.clear()
        return Identity(1, "alice", "lootling", "s1", 2e9)


@pytest.fixture
async def connection(monkeypatch):
    monkeypatch.setattr(server.manager, "eio_sid_from_sid", lambda *_: "transport")
    monkeypatch.setattr(server, "environ", {"transport": {}})
    yield "sid"
    await hub.stop()
    socketio_door._sinks.clear()


async def test_who_stays_gets_a_place(connection, monkeypatch):
    monkeypatch.setattr(doorkeeper, "_doorkeeper", Guest(leaves=False))
    await socketio_door.connect(connection, {}, {"token": "t"})
    assert len(hub.sinks) == 1


async def test_who_leaves_while_coming_in_keeps_no_place(connection, monkeypatch):
    # The library says nothing more about a connection that ended before this handler did.
    monkeypatch.setattr(doorkeeper, "_doorkeeper", Guest(leaves=True))
    with pytest.raises(Turned):
        await socketio_door.connect(connection, {}, {"token": "t"})
    assert not hub.sinks


async def test_a_connection_of_nobody_ends_in_a_while(monkeypatch):
    ended = []
    monkeypatch.setattr(socketio_door, "SECONDS_TO_COME_IN", 0.02)
    monkeypatch.setattr(server, "environ", {})
    monkeypatch.setattr(server.manager, "sid_from_eio_sid", lambda eio_sid, _: {"alice": "sid"}.get(eio_sid))

    async def disconnect(eio_sid):
        ended.append(eio_sid)

    monkeypatch.setattr(server.eio, "disconnect", disconnect)
    for eio_sid in ("alice", "nobody", "gone"):
        await server._handle_eio_connect(eio_sid, {})
    del server.environ["gone"]
    async with asyncio.timeout(10):
        while not ended:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert ended == ["nobody"]
