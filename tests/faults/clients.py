"""The clients of the suite: browser tabs, apps, a phone that polls, inboxes, and a stranger."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import aiohttp
import socketio
import websockets
from socketio.exceptions import SocketIOError

from tests.faults.devices import Device, Surroundings
from tests.faults.ledger import Entry
from tests.faults.rest import PATIENCE, Answer
from tests.faults.screen import InboxConnection, Json, Violation
from tests.faults.wire import Wire

POLL_SECONDS = 0.3
GOOD_ENDS = (1000, 1001, 1006, 1011, 1012, 4408)
"""Close codes after which a member comes back; all others say that they may not."""


class Tab(Device):
    """A browser tab: a plain WebSocket for one ticket, over which it also sends."""

    follows = 1
    socket: websockets.ClientConnection | None = None

    async def session(self) -> None:
        after = self.join(self.tickets[0])
        path = f"/ws/tickets/{self.tickets[0]}/?after_seq={after}"
        async with contextlib.AsyncExitStack() as stack:
            try:
                self.socket = await stack.enter_async_context(plain_socket(self.wire, path, self.token))
                async for raw in self.socket:
                    frame = json.loads(raw)
                    self.heard(frame["type"], frame, str(raw))
            except (OSError, TimeoutError, websockets.WebSocketException):
                pass
            finally:
                self._look_at_the_end()

    def _look_at_the_end(self) -> None:
        socket, self.socket = self.socket, None
        if socket is not None and socket.close_code is not None and socket.close_code not in GOOD_ENDS:
            self.ledger.wrong(f"{self.name}: its socket was closed with {socket.close_code}")

    async def deliver(self, entry: Entry) -> Answer:
        if entry.note or self.socket is None:
            return await self.deliver_by_rest(entry)
        acknowledged: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.waiting[entry.nonce] = acknowledged
        said = {"type": "send_message", "message": entry.text, "client_nonce": entry.nonce}
        try:
            await self.socket.send(json.dumps(said))
            async with asyncio.timeout(PATIENCE):
                return self.answer_of(await acknowledged)
        except (OSError, TimeoutError, websockets.WebSocketException):
            return Answer(0, {})
        finally:
            self.waiting.pop(entry.nonce, None)


def plain_socket(wire: Wire, path: str, token: str) -> Any:
    return websockets.connect(
        f"ws://127.0.0.1:{wire.port}{path}",
        subprotocols=[websockets.Subprotocol("bearer"), websockets.Subprotocol(token)],
        open_timeout=PATIENCE,
        close_timeout=0.5,
        ping_interval=None,
        proxy=None,
    )


class App(Device):
    """A Socket.IO client in all its tickets at once."""

    transports = ("websocket",)
    client: socketio.AsyncClient | None = None

    def __init__(self, name: str, wire: Wire, around: Surroundings) -> None:
        super().__init__(name, wire, around)
        self.unanswered = asyncio.Event()

    async def session(self) -> None:
        client = socketio_client()
        client.on("*", self._event)
        try:
            await client.connect(
                f"http://127.0.0.1:{self.wire.port}",
                auth={"token": self.token},
                transports=list(self.transports),
                wait_timeout=PATIENCE,
            )
            for ticket in self.tickets:
                wanted = {"ticket_id": ticket, "after_seq": self.join(ticket)}
                joined = await client.call("join_ticket", wanted, timeout=PATIENCE)
                if not self._may_stay(joined):
                    return
            self.client = client
            await self._stay(client)
        except SocketIOError as error:
            if "unauthorized" in str(error):
                self.ledger.wrong(f"{self.name} was shown out: {error}")
        finally:
            self.client = None
            await hang_up(client)

    def _event(self, event: str, data: Any = None) -> None:
        self.heard(event, data or {}, json.dumps(data))

    def _may_stay(self, joined: Json) -> bool:
        if not joined["ok"] and joined["code"] not in ("database_unavailable", "too_many_requests"):
            self.ledger.wrong(f"{self.name} could not join: {joined}")
        return bool(joined["ok"])

    async def _stay(self, client: socketio.AsyncClient) -> None:
        await client.wait()

    async def deliver(self, entry: Entry) -> Answer:
        if entry.note or self.client is None:
            return await self.deliver_by_rest(entry)
        said = {"ticket_id": entry.ticket, "message": entry.text, "client_nonce": entry.nonce}
        try:
            return self.answer_of(await self.client.call("send_message", said, timeout=PATIENCE))
        except (SocketIOError, OSError):
            self.unanswered.set()
            return Answer(0, {})


class PollingApp(App):
    """The library may keep a session whose reading or writing half has ended: no answer, no session."""

    transports = ("polling",)

    async def _stay(self, client: socketio.AsyncClient) -> None:
        self.unanswered.clear()
        waits = (client.wait(), self.unanswered.wait(), half_ended(client))
        ends = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


class UpgradingApp(App):
    transports = ("polling", "websocket")


def socketio_client() -> socketio.AsyncClient:
    """With a session of our own: the library does not close its own whenever a connection fails."""
    session = aiohttp.ClientSession()
    # It would ask again by itself when a poll's answer was lost, and nobody would know of the gap.
    session._retry_connection = False
    return socketio.AsyncClient(reconnection=False, request_timeout=PATIENCE, http_session=session)


async def half_ended(client: socketio.AsyncClient) -> None:
    """Until one of the two loops of the library is over: it may wait for the other for ever."""
    while not any(
        task is None or task.done() for task in (client.eio.read_loop_task, client.eio.write_loop_task)
    ):
        await asyncio.sleep(0.5)


async def hang_up(client: socketio.AsyncClient) -> None:
    """Also one that never got through, or whose line is silent."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            await client.disconnect()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):  # it may wait for its reading half, which may wait for ever
            await client.eio.disconnect(abort=True)
    for task in (client.eio.read_loop_task, client.eio.write_loop_task):
        if task is not None:
            task.cancel()
    await client.eio.http.close()


class Phone(Device):
    """An app in the background: it asks over REST what is new."""

    async def session(self) -> None:
        for ticket in self.tickets:
            await self.read_on(ticket)
        await asyncio.sleep(POLL_SECONDS)

    async def deliver(self, entry: Entry) -> Answer:
        return await self.deliver_by_rest(entry)


class Inbox(Device):
    """Every step of all tickets one may see; after each connection the list is read."""

    def __init__(self, name: str, wire: Wire, around: Surroundings) -> None:
        super().__init__(name, wire, around)
        self.screens = {}
        self.places: dict[str, int] = {}
        self.is_listed = False

    async def session(self) -> None:
        account = InboxConnection(self.name)
        self.is_listed = False
        reading: asyncio.Task[None] | None = None
        try:
            async with plain_socket(self.wire, "/ws/tickets/", self.token) as socket:
                async for raw in socket:
                    frame = json.loads(raw)
                    self.rest.look_for_secrets(frame["type"], str(raw))
                    if frame["type"] == "joined_inbox":
                        reading = asyncio.ensure_future(self._read())
                    elif "seq" in frame:
                        self._step(account, frame)
        except (OSError, TimeoutError, websockets.WebSocketException):
            pass
        finally:
            if reading is not None:
                reading.cancel()

    def _step(self, account: InboxConnection, frame: Json) -> None:
        try:
            account.update(frame)
        except Violation as violation:
            self.ledger.wrong(str(violation))
        self._reached(frame["ticket_id"], frame["seq"])

    def _reached(self, ticket: str, seq: int) -> None:
        self.places[ticket] = max(seq, self.places.get(ticket, 0))

    async def _read(self) -> None:
        while not self.is_listed:
            answer = await self.rest.call("GET", "/api/tickets?status=all&limit=100")
            if answer.status == 200:
                for ticket in answer.body["tickets"]:
                    self._reached(ticket["ticket_id"], ticket["last_seq"])
                self.is_listed = True
            else:
                await asyncio.sleep(POLL_SECONDS)

    async def deliver(self, entry: Entry) -> Answer:
        return await self.deliver_by_rest(entry)

    def shows(self, heads: dict[str, tuple[int, int]]) -> bool:
        side = 0 if self.is_staff else 1
        return self.is_listed and all(self.places.get(name) == head[side] for name, head in heads.items())


class Stranger(Device):
    """mallory tries every door of a ticket that is not hers."""

    async def session(self) -> None:
        ticket = self.chance.choice(self.tickets)
        await self._by_rest(ticket)
        await self._by_plain_socket(f"/ws/tickets/{ticket}/?after_seq=0", (4403,))
        await self._by_plain_socket("/ws/tickets/", GOOD_ENDS)
        await self._by_socketio(ticket)

    async def _by_rest(self, ticket: str) -> None:
        path = self.chance.choice(("", "/events?after=0", "/messages"))
        answer = await self.rest.call("GET", f"/api/tickets/{ticket}{path}")
        if answer.status not in (0, 404, 429, 503):
            self.ledger.wrong(f"mallory got {answer.status} for {path or 'a ticket'}")

    async def _by_plain_socket(self, path: str, ends: tuple[int, ...]) -> None:
        try:
            async with plain_socket(self.wire, path, self.token) as socket:
                async with asyncio.timeout(1):
                    async for raw in socket:
                        self.rest.look_for_secrets(path, str(raw))
                self._look_at_the_code(path, socket.close_code or 1006, ends)
        except websockets.ConnectionClosed as closed:
            self._look_at_the_code(path, closed.rcvd.code if closed.rcvd else 1006, ends)
        except (OSError, TimeoutError, websockets.WebSocketException):
            pass

    def _look_at_the_code(self, path: str, code: int, ends: tuple[int, ...]) -> None:
        if code not in (*ends, *GOOD_ENDS):
            self.ledger.wrong(f"mallory's socket at {path} was closed with {code}")

    async def _by_socketio(self, ticket: str) -> None:
        client = socketio_client()
        client.on("*", lambda event, data=None: self.rest.look_for_secrets(event, json.dumps(data)))
        try:
            address = f"http://127.0.0.1:{self.wire.port}"
            await client.connect(
                address, auth={"token": self.token}, transports=["websocket"], wait_timeout=PATIENCE
            )
            joined = await client.call("join_ticket", {"ticket_id": ticket, "after_seq": 0}, timeout=PATIENCE)
            if joined["ok"]:
                self.ledger.wrong("mallory joined a ticket")
            await asyncio.sleep(1)
        except (SocketIOError, OSError):
            pass
        finally:
            await hang_up(client)

    async def deliver(self, entry: Entry) -> Answer:
        raise NotImplementedError
