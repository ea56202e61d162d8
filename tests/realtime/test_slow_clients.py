"""A client that reads nothing: the others hear all, and it is told when it reads again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from tests.serving import Server, web_alone

pytestmark = [pytest.mark.server, pytest.mark.workers, pytest.mark.once]

PATIENCE = 60
TEXT = "x" * 3900
MESSAGES, DEMANDS = 100, 40
"""Each demand is answered with a history of all the messages: together more than all buffers hold."""


@pytest.fixture(scope="module", params=["true", "false"], ids=["fast", "plain"])
def server(request, tmp_path_factory) -> Iterator[Server]:
    with web_alone(tmp_path_factory.mktemp("server"), SOCKET_FASTPATH=request.param) as running:
        yield running


async def enter(server: Server, token: str, ticket_id: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket_id}/?token={token}"
    return await websockets.connect(address, max_queue=1, max_size=None)


async def enter_socketio(server: Server, token: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
    client = await websockets.connect(address, max_queue=1, max_size=None)
    await client.send(f"40{json.dumps({'token': token})}")
    while not (await client.recv()).startswith('42["connected"'):
        pass
    return client


async def talk(server: Server, token: str, ticket_id: str) -> None:
    """Say something over a healthy connection, and hear all of it there."""
    texts, heard = [f"{number} {TEXT}" for number in range(MESSAGES)], []
    async with await enter(server, token, ticket_id) as client:
        for text in texts:
            await client.send(json.dumps({"type": "send_message", "message": text}))
            while not heard or heard[-1] != text:
                frame = json.loads(await client.recv())
                if frame["type"] == "new_message":
                    heard.append(frame["message"])
    assert heard == texts


@pytest.fixture
async def place(server) -> tuple[str, str]:
    """A token, and a ticket with a long history."""
    token, ticket_id = server.token("alice"), server.open_ticket()["ticket_id"]
    await talk(server, token, ticket_id)
    return token, ticket_id


async def test_a_stalled_websocket_delays_nobody_and_is_closed(server, place):
    stalled = await enter(server, *place)
    for _ in range(DEMANDS):
        await stalled.send(json.dumps({"type": "join_ticket"}))
    async with asyncio.timeout(PATIENCE):
        await talk(server, *place)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await stalled.recv()
    assert closed.value.rcvd.code == 4408


async def test_a_stalled_socketio_client_delays_nobody_and_is_told(server, place):
    stalled = await enter_socketio(server, place[0])
    for _ in range(DEMANDS):
        await stalled.send(f'42["join_ticket",{{"ticket_id":"{place[1]}"}}]')
    async with asyncio.timeout(PATIENCE):
        await talk(server, *place)
        texts = [await stalled.recv()]
        while texts[-1] != "41":  # Socket.IO's word for the end
            texts.append(await stalled.recv())
    errors = [text for text in texts if text.startswith('42["error"')]
    assert errors == ['42["error",{"error":"too slow","code":"too_slow"}]']
    await stalled.close()
