"""Order over thousands of frames, above all while a connection moves from polling to a websocket."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator

import aiohttp
import pytest

from tests.node.conftest import UPGRADE, Connect, People
from tests.serving import Server, web_alone

pytestmark = [pytest.mark.node, pytest.mark.server]

MESSAGES, PATIENCE = 2000, 90
"""So many that five clients come while they are still being said."""
WHILE_MOVING = 200
"""What waits for a client that moves may not be more than 500 frames: it would be taken for lost."""
SEQ = re.compile(r'^42\["new_message",\{"ticket_id":"[^"]+","seq":(\d+)')


@pytest.fixture(scope="module", params=["true", "false"], ids=["fast", "plain"])
def server(request, tmp_path_factory) -> Iterator[Server]:
    with web_alone(tmp_path_factory.mktemp("server"), SOCKET_FASTPATH=request.param) as running:
        yield running


def test_clients_that_come_in_the_midst_of_a_flood_miss_nothing(
    connect: Connect, people: People, ticket: str
):
    moira = connect("moira", join=ticket)
    for number in range(MESSAGES):
        moira.emit("send_message", {"ticket_id": ticket, "message": f"number {number}"})
    listeners = [connect("alice", UPGRADE) for _ in range(5)]
    joined = [alice.call("join_ticket", {"ticket_id": ticket})["last_seq"] for alice in listeners]
    for alice, last in zip(listeners, joined, strict=True):
        alice.wait_for("ticket_update", lambda data: data["seq"] == MESSAGES + 2, timeout=PATIENCE)
        expected = list(range(last + 1, MESSAGES + 3))
        assert [data["seq"] for data in alice.heard("ticket_update")] == expected
        assert [data["seq"] for data in alice.heard("new_message")] == expected
        assert alice.heard("upgrade") == [{"transport": "websocket"}]


class Mover:
    """A client that takes its time between the steps of the move; what it hears goes to `seqs`."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, f"{url}/socket.io/?EIO=4"
        self.seqs: list[int] = []
        self.texts: list[str] = []

    async def enter(self, token: str, ticket_id: str) -> None:
        self.url += "&sid=" + json.loads((await self.get("polling"))[1:])["sid"]
        await self.post(f"40{json.dumps({'token': token})}")
        while not any(text.startswith("40") for text in self.texts):
            await self.poll()
        await self.post(f'420["join_ticket",{{"ticket_id":"{ticket_id}"}}]')
        while not any(text.startswith("430") for text in self.texts):
            await self.poll()

    async def get(self, transport: str) -> str:
        async with self.http.get(f"{self.url}&transport={transport}") as answer:
            return await answer.text()

    async def post(self, text: str) -> None:
        async with self.http.post(f"{self.url}&transport=polling", data=text) as answer:
            assert answer.status == 200

    async def poll(self) -> None:
        for text in (await self.get("polling")).split("\x1e"):
            self.hear(text)

    def hear(self, text: str) -> None:
        self.texts.append(text)
        if found := SEQ.match(text):
            self.seqs.append(int(found[1]))

    async def move(self) -> None:
        async with self.http.ws_connect(f"{self.url}&transport=websocket") as websocket:
            await websocket.send_str("2probe")
            assert await websocket.receive_str() == "3probe"
            await self.poll()
            await asyncio.sleep(0.5)
            await websocket.send_str("5")
            while WHILE_MOVING + 2 not in self.seqs:
                self.hear(await websocket.receive_str())


async def test_a_slow_move_to_the_websocket_keeps_every_frame_in_its_place(
    connect: Connect, people: People, ticket: str
):
    moira = connect("moira", join=ticket)
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
        mover = Mover(http, people.url)
        await mover.enter(people.token("alice"), ticket)
        for number in range(WHILE_MOVING):
            moira.emit("send_message", {"ticket_id": ticket, "message": f"number {number}"})
        while len(mover.seqs) < 20:
            await mover.poll()
        await mover.move()
    assert mover.seqs == list(range(3, WHILE_MOVING + 3))
