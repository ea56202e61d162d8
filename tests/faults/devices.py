"""What every client of the suite does, whichever way it talks: show, catch up, send until acknowledged."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.faults.ledger import Entry, Ledger
from tests.faults.rest import Answer, Rest
from tests.faults.screen import ABOUT_MESSAGES, Connection, Json, Screen, Violation
from tests.faults.wire import Wire

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 1.0
AGAIN = ("too_many_requests", "database_unavailable", "restarting", "")
"""Refusals after which a message is sent again; "" is no answer at all."""
TEMPORARY = (*AGAIN, "not_delivered")


@dataclass
class Surroundings:
    """What the clients of one schedule share."""

    tokens: dict[str, str]
    tickets: list[str]
    ledger: Ledger
    seed: int


class Device(ABC):
    """A member's or moderator's client with an outbox and a screen for each ticket it follows."""

    follows = 2

    def __init__(self, name: str, wire: Wire, around: Surroundings) -> None:
        self.name, self.person = name, name.partition("-")[0]
        self.wire, self.ledger = wire, around.ledger
        self.token = around.tokens[self.person]
        self.tickets = around.tickets[: self.follows]
        self.chance = random.Random(f"{around.seed} {name}")
        self.rest = Rest(name, self.person, self.token, wire, around.ledger)
        self.screens = {ticket: Screen() for ticket in self.tickets}
        self.connections: dict[str, Connection] = {}
        self.outbox: deque[Entry] = deque()
        self.written = asyncio.Event()
        self.leaving = False
        self.waiting: dict[str, asyncio.Future[Json]] = {}
        self._catching: dict[str, asyncio.Task[None]] = {}

    @property
    def is_staff(self) -> bool:
        return self.person != "alice"

    @abstractmethod
    async def session(self) -> None:
        """One connection, from its beginning to its end."""

    @abstractmethod
    async def deliver(self, entry: Entry) -> Answer:
        """Send one message, once."""

    async def close(self) -> None:
        await self.rest.close()

    # --- listening -----------------------------------------------------------
    async def live(self) -> None:
        """Connect, again and again."""
        while True:
            try:
                await self.session()
            except Violation as violation:
                self.ledger.wrong(str(violation))
            except asyncio.CancelledError:
                if self.leaving:
                    raise
                # Of a task within a library that was waited for: the next connection is another.
            finally:
                self._hang_up()
            await asyncio.sleep(self.chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE / 2))

    def _hang_up(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_result({"ok": False, "code": ""})
        self.waiting.clear()

    def join(self, ticket: str) -> int:
        """A new connection's account of this ticket; what to say as `after_seq`."""
        seq = self.screens[ticket].seq
        self.connections[ticket] = Connection(f"{self.name} {ticket[:4]}", seq)
        return seq

    def heard(self, kind: str, frame: Json, text: str) -> None:
        """Raises nothing: a broken promise is written down, and the client goes on."""
        self.rest.look_for_secrets(kind, text)
        try:
            self._hear(kind, frame)
        except Violation as violation:
            self.ledger.wrong(str(violation))

    def _hear(self, kind: str, frame: Json) -> None:
        ticket = frame.get("ticket_id", "")
        if kind in ("send_message", "error"):
            self._acknowledged(frame)
        elif ticket not in self.connections:
            return
        elif kind == "message_history":
            for event in self.connections[ticket].history(frame):
                self._show(ticket, event)
        elif kind == "head":
            self._behind(ticket, frame["seq"])
        elif kind == "ticket_update" and "seq" in frame:
            self._show(ticket, self.connections[ticket].update(frame))
        elif kind in ABOUT_MESSAGES:
            self.connections[ticket].about_message(kind, frame)

    def _show(self, ticket: str, event: Json) -> None:
        if not self.screens[ticket].offer(event):
            self._behind(ticket, event["seq"])

    def _acknowledged(self, frame: Json) -> None:
        future = self.waiting.pop(frame.get("client_nonce", ""), None)
        if future is not None and not future.done():
            future.set_result(frame)

    # --- catching up ---------------------------------------------------------
    def _behind(self, ticket: str, seq: int) -> None:
        if seq > self.screens[ticket].seq and ticket not in self._catching:
            task = asyncio.ensure_future(self._catch_up(ticket, seq))
            self._catching[ticket] = task
            task.add_done_callback(lambda _: self._catching.pop(ticket, None))

    async def _catch_up(self, ticket: str, seq: int) -> None:
        while self.screens[ticket].seq < seq:
            if not await self.read_on(ticket):
                await asyncio.sleep(SHORTEST_PAUSE)

    async def read_on(self, ticket: str) -> bool:
        """Ask over REST for what comes after the last step."""
        screen = self.screens[ticket]
        asked = screen.seq
        answer = await self.rest.call("GET", f"/api/tickets/{ticket}/events?after={asked}&limit=100")
        if answer.status != 200:
            return False
        try:
            account = Connection(f"{self.name} {ticket[:4]} by REST", asked)
            events = answer.body["events"]
            last = events[-1]["seq"] if events else asked
            for event in account.history({"events": events, "last_seq": last}):
                screen.offer(event)
        except Violation as violation:
            self.ledger.wrong(str(violation))
        return True

    # --- sending -------------------------------------------------------------
    def say(self, ticket: str, note: bool = False) -> None:
        self.outbox.append(self.ledger.write(self.name, self.person, ticket, note))
        self.written.set()

    async def pump(self) -> None:
        """One at a time, so that they arrive in the order they were written."""
        while True:
            await self.written.wait()
            while self.outbox:
                entry = self.outbox[0]
                entry.attempts += 1
                if self._settled(entry, await self.deliver(entry)):
                    self.outbox.popleft()
                else:
                    await asyncio.sleep(self.chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
            self.written.clear()

    def _settled(self, entry: Entry, answer: Answer) -> bool:
        if answer.status == 200:
            message = answer.body["message"]
            entry.message_id = message["id"]
            same = message["client_nonce"] == entry.nonce and message["is_note"] == entry.note
            if not same or not (message["deleted"] or message["content"] == entry.text):
                self.ledger.wrong(f"{self.name}: {entry.text!r} was acknowledged as {message}")
            return True
        if answer.is_unknown:
            return False
        entry.refused = answer.code
        if answer.code != "ticket_closed":
            self.ledger.wrong(f"{self.name}: {entry.text!r} was refused for good: {answer.code}")
        return True

    async def deliver_by_rest(self, entry: Entry) -> Answer:
        door = "notes" if entry.note else "send"
        path = f"/api/tickets/{entry.ticket}/{door}"
        return await self.rest.call("POST", path, message=entry.text, client_nonce=entry.nonce)

    def answer_of(self, said: Json) -> Answer:
        """An acknowledgement over a socket, as if it were REST's."""
        if said.get("ok") or "message" in said:
            return Answer(200, said)
        code = said.get("code", "")
        self.ledger.answers[code or "none"] += 1
        if code == "server_error":
            self.ledger.wrong(f"{self.name}: a socket was answered with {said}")
        return Answer(0 if code in AGAIN else 409, said)


def is_caught_up(device: Device, heads: dict[str, tuple[int, int]]) -> bool:
    place = 0 if device.is_staff else 1
    shown: list[Any] = [screen.seq == heads[ticket][place] for ticket, screen in device.screens.items()]
    return all(shown) and not device.outbox
