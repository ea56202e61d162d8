"""A client that reads nothing: the others hear all, and it is told when it reads again."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.serving import Server

pytestmark = pytest.mark.server

MESSAGES, TEXT = 300, "x" * 3900


@pytest.fixture(scope="module", params=["true", "false"], ids=["fast", "plain"])
def server(request, tmp_path_factory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"), environment={"SOCKET_FASTPATH": request.param})
    yield running.start()
    running.stop()


def narrow(port: int) -> socket.socket:
    """A connection whose buffers hold little."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    connection.connect(("127.0.0.1", port))
    connection.setblocking(False)
    return connection


def widen(client: ClientConnection) -> None:
    client.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)


async def stalled_socketio(server: Server, token: str, ticket_id: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    client = await websockets.connect(address, sock=narrow(server.port), max_queue=1)
    assert (await client.recv()).startswith("0{")
    await client.send(f"40{json.dumps({'token': token})}")
    await client.send(f'420["join_ticket",{{"ticket_id":"{ticket_id}"}}]')
    async for text in client:
        if text.startswith("430"):
            return client
    raise AssertionError("the server closed the connection")


async def stalled_websocket(server: Server, token: str, ticket_id: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket_id}/?token={token}"
    client = await websockets.connect(address, sock=narrow(server.port), max_queue=1)
    assert "message_history" in await client.recv()
    return client


async def talk(server: Server, token: str, ticket_id: str) -> list[str]:
    """Say a lot over a healthy connection; what was heard there of it."""
    address = f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket_id}/?token={token}"
    heard: list[str] = []
    async with websockets.connect(address, max_queue=None) as client:
        for number in range(MESSAGES):
            await client.send(json.dumps({"type": "send_message", "message": f"{number} {TEXT}"}))
        while len(heard) < MESSAGES:
            frame = json.loads(await client.recv())
            if frame["type"] == "new_message":
                heard.append(frame["message"])
    return heard


async def test_a_stalled_websocket_delays_nobody_and_is_closed(server):
    ticket_id, token = server.open_ticket()["ticket_id"], server.token("alice")
    stalled = await stalled_websocket(server, token, ticket_id)
    async with asyncio.timeout(40):
        assert await talk(server, token, ticket_id) == [f"{number} {TEXT}" for number in range(MESSAGES)]
        widen(stalled)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await stalled.recv()
    assert closed.value.rcvd.code == 4408


async def test_a_stalled_socketio_client_delays_nobody_and_is_told(server):
    ticket_id, token = server.open_ticket()["ticket_id"], server.token("alice")
    stalled = await stalled_socketio(server, token, ticket_id)
    async with asyncio.timeout(40):
        assert await talk(server, token, ticket_id) == [f"{number} {TEXT}" for number in range(MESSAGES)]
        widen(stalled)
        texts = []
        while not texts or texts[-1] != "1":
            texts.append(await stalled.recv())
    assert [text for text in texts if text.startswith('42["error"')] == [
        '42["error",{"error":"too slow","code":"too_slow"}]'
    ]
    await stalled.close()
