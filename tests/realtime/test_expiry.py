"""Sockets end when their token does, when a role changes, and when somebody is blocked; at both doors."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import subprocess
import sys
import time
from typing import Any

import jwt
import pytest
import socketio
import websockets

from tests.serving import ROOT

pytestmark = [pytest.mark.server, pytest.mark.workers, pytest.mark.once]


def expiring(server: Any, token: str, seconds: float) -> str:
    """The same sign-in with a token that ends soon, made with the key the server keeps in its folder."""
    secret = (server.data / "secret_key").read_text().strip()
    key = hmac.new(secret.encode(), b"hazesite.accounts.tokens", hashlib.sha256).hexdigest()
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims | {"exp": time.time() + seconds}, key, algorithm="HS256")


class Listener:
    """A Socket.IO client that remembers why it was dropped."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.errors: list[str] = []
        self.ended = asyncio.Event()
        self.client.on("error", lambda data: self.errors.append(data["code"]))
        self.client.on("disconnect", lambda *_: self.ended.set())

    async def connect(self, server: Any, token: str) -> Listener:
        await self.client.connect(server.url, auth={"token": token}, transports=["websocket"])
        return self

    async def dropped(self, seconds: float) -> list[str]:
        await asyncio.wait_for(self.ended.wait(), seconds)
        return self.errors


async def close_code(connection: Any, seconds: float) -> int:
    async with asyncio.timeout(seconds):
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await connection.recv()
    return closed.value.rcvd.code


async def test_both_doors_close_when_the_token_expires(server):
    ticket, signed_in = server.open_ticket()["ticket_id"], server.token("alice")
    token = expiring(server, signed_in, 3)
    listener = await Listener().connect(server, token)
    async with websockets.connect(
        f"ws://127.0.0.1:{server.port}/ws/tickets/{ticket}/?token={token}"
    ) as socket:
        assert await close_code(socket, 6) == 4401
    assert await listener.dropped(2) == ["token_expired"]


@pytest.mark.parametrize("change", ["blocked", "demoted"])
async def test_both_doors_close_soon_after_somebody_is_blocked_or_demoted(server, change):
    address = f"ws://127.0.0.1:{server.port}/ws/tickets/?token={server.token('moira')}"
    listener = await Listener().connect(server, server.token("moira"))
    async with websockets.connect(address) as socket:
        await asyncio.to_thread(change_moira, server, change)
        assert await close_code(socket, 6) == 4401
    assert await listener.dropped(2) == ["unauthorized"]
    await asyncio.to_thread(change_moira, server, "restored")


def change_moira(server: Any, change: str) -> None:
    """In the database, as another process would: nothing is published to this server."""
    values = {"blocked": {"is_active": False}, "demoted": {"granted_role": ""}}
    changed = values.get(change, {"is_active": True, "granted_role": "moderator"})
    program = f"User.objects.filter(username='moira').update(**{changed!r})"
    command = [sys.executable, "manage.py", "shell", "-c", f"from accounts.models import User; {program}"]
    subprocess.run(command, env=server.surroundings(), cwd=ROOT, check=True, capture_output=True)


async def test_a_polling_client_that_leaves_is_not_kept_waiting(server):
    """The library would answer the poll that waits only when it times out, after half a minute."""
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(server.url, auth={"token": server.token("alice")}, transports=["polling"])
    async with asyncio.timeout(15):
        await client.disconnect()
