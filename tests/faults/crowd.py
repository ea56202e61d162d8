"""What people do while things go wrong: they talk at once, change their words, and pass tickets around."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.faults.clients import App, Inbox, Phone, PollingApp, Stranger, Tab, UpgradingApp
from tests.faults.devices import Device, Surroundings
from tests.faults.ledger import CLOSING, DESCRIPTION, Entry
from tests.faults.rest import Answer
from tests.faults.wire import Wire

BEAT_SECONDS = 0.4
"""At each beat those who do nothing else speak in the same moment: races need company."""
AT_ONCE, MOST_UNSENT = 3, 5
MOST_A_MINUTE = 70
"""Of one person, on all devices. Attempts count as well, and beyond 120 the site rightly makes them wait."""
KINDS: dict[str, type[Device]] = {
    "alice-tab": Tab,
    "alice-app": App,
    "alice-phone": Phone,
    "alice-inbox": Inbox,
    "moira-tab": Tab,
    "moira-app": PollingApp,
    "ada-tab": UpgradingApp,
    "ada-inbox": Inbox,
    "mallory-app": Stranger,
}
WRITERS = ("alice-tab", "alice-app", "alice-phone", "moira-tab", "moira-app", "ada-tab")


@dataclass
class Deed:
    """A ticket's transition that staff asked for, and how often it was acknowledged."""

    asked: int = 0
    acknowledged: int = 0


@dataclass
class Crowd:
    around: Surroundings
    ports: list[int]
    devices: dict[str, Device] = field(default_factory=dict)
    wires: dict[str, Wire] = field(default_factory=dict)
    deeds: dict[str, Deed] = field(default_factory=dict)
    said: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def come(self) -> None:
        for number, (name, kind) in enumerate(KINDS.items()):
            ports = self.ports[number % len(self.ports) :] + self.ports[: number % len(self.ports)]
            self.wires[name] = await Wire(name, ports).open()
            self.devices[name] = kind(name, self.wires[name], self.around)
        for device in self.devices.values():
            self._tasks += [asyncio.ensure_future(device.live()), asyncio.ensure_future(device.pump())]

    async def leave(self) -> None:
        for device in self.devices.values():
            device.leaving = True
        left = set(self._tasks)
        while left:  # a library may lose a cancellation that meets the end of a wait
            for task in left:
                task.cancel()
            _done, left = await asyncio.wait(left, timeout=1)
        for device in self.devices.values():
            await device.close()
        for wire in self.wires.values():
            await wire.close()

    def broken(self) -> list[str]:
        """What ended although it never should: a mistake of the harness."""
        ended = [task for task in self._tasks if task.done()]
        return [f"a client of the suite broke: {task!r}" for task in ended]

    async def act(self, enough: asyncio.Event) -> None:
        people = [Person(self.devices[name], self) for name in WRITERS]
        await asyncio.gather(*(person.act(enough) for person in people))

    def may_say(self, person: str) -> bool:
        """Whether they may say one more; then it counts."""
        now, said = time.monotonic(), self.said[person]
        while said and said[0] < now - 60:
            said.popleft()
        if len(said) >= MOST_A_MINUTE:
            return False
        said.append(now)
        return True

    def deed(self, kind: str) -> Deed:
        return self.deeds.setdefault(kind, Deed())


class Person:
    """Whoever holds a device, and what they may do with it."""

    def __init__(self, device: Device, crowd: Crowd) -> None:
        self.device, self.crowd = device, crowd
        self.chance = random.Random(f"{crowd.around.seed} hand of {device.name}")
        self.edits: set[str] = set()
        deeds: list[tuple[int, Callable[[str], Awaitable[None]]]] = [
            (30, self.speak), (4, self.repeat), (5, self.edit), (2, self.delete), (3, self.mark_read),
        ]  # fmt: skip
        if device.is_staff:
            deeds += [(8, self.note), (12, self.move), (3, self.retag), (2, self.close_for_a_moment)]
        else:
            deeds += [(1, self.open)]
        self.weights, self.deeds = zip(*deeds, strict=True)

    async def act(self, enough: asyncio.Event) -> None:
        doing: set[asyncio.Future[None]] = set()
        while not enough.is_set():
            await asyncio.sleep(self._pause())
            ticket = self.device.tickets[0]
            if self.chance.random() < 0.25:
                ticket = self.device.tickets[-1]
            (deed,) = self.chance.choices(self.deeds, self.weights)
            doing = {task for task in doing if not task.done()}
            if len(doing) < AT_ONCE:
                doing.add(asyncio.ensure_future(deed(ticket)))
        await asyncio.gather(*doing)

    def _pause(self) -> float:
        if self.chance.random() < 0.4:
            return self.chance.uniform(0.05, 0.35)
        now = asyncio.get_running_loop().time()
        return BEAT_SECONDS - now % BEAT_SECONDS

    # --- words ---------------------------------------------------------------
    async def speak(self, ticket: str) -> None:
        self._say(ticket)

    async def note(self, ticket: str) -> None:
        self._say(ticket, note=True)

    def _say(self, ticket: str, *, note: bool = False) -> None:
        """Who sees that nothing goes out stops writing after a while."""
        if len(self.device.outbox) < MOST_UNSENT and self.crowd.may_say(self.device.person):
            self.device.say(ticket, note=note)

    def _mine(self, ticket: str) -> Entry | None:
        said = self.device.ledger.acknowledged
        mine = [entry for entry in said if entry.device == self.device.name and entry.ticket == ticket]
        return self.chance.choice(mine) if mine else None

    async def repeat(self, ticket: str) -> None:
        """The same again, long after it was acknowledged: the first answer again."""
        entry = self._mine(ticket)
        if entry is not None:
            answer = await self.device.deliver_by_rest(entry)
            if answer.status == 200 and answer.body["message"]["id"] != entry.message_id:
                self.device.ledger.wrong(f"{entry} was taken for another: {answer.body}")

    async def edit(self, ticket: str) -> None:
        """Never again what was edited without an answer: that request may still be under way."""
        entry = self._mine(ticket)
        if entry is None or len(entry.texts) > 1:
            return
        text = f"{entry.text}, edited {self.chance.randrange(1000)}"
        entry.texts.add(text)
        path = f"/api/tickets/{ticket}/messages/{entry.message_id}"
        answer = await self.device.rest.call("PATCH", path, message=text)
        if answer.status == 200:
            entry.texts = {text}
        elif not answer.is_unknown:
            entry.texts.discard(text)

    async def delete(self, ticket: str) -> None:
        entry = self._mine(ticket)
        if entry is None:
            return
        entry.deleting = True
        answer = await self.device.rest.call("DELETE", f"/api/tickets/{ticket}/messages/{entry.message_id}")
        entry.deleted = entry.deleted or answer.status == 200

    async def mark_read(self, ticket: str) -> None:
        up_to = self.device.screens[ticket].seq
        await self.device.rest.call("POST", f"/api/tickets/{ticket}/mark-read", up_to_seq=up_to)

    # --- tickets -------------------------------------------------------------
    async def move(self, ticket: str) -> None:
        verb = self.chance.choice(("claim", "claim", "unclaim", "assign"))
        assignee = self.device.screens[ticket].facts.get("claimed_by")
        await self._deed(ticket, verb, **({"assigned_to": assignee} if verb == "assign" else {}))

    async def _deed(self, ticket: str, verb: str, **body: object) -> Answer:
        deed = self.crowd.deed(verb)
        deed.asked += 1
        answer = await self.device.rest.call("POST", f"/api/tickets/{ticket}/{verb}", **body)
        deed.acknowledged += answer.status == 200
        return answer

    async def retag(self, ticket: str) -> None:
        tags = self.chance.sample(["printer", "cable", "again", "slow"], 2)
        priority = self.chance.choice(("low", "normal", "high", "urgent"))
        await self.device.rest.call("PATCH", f"/api/tickets/{ticket}", tags=tags, priority=priority)

    async def close_for_a_moment(self, ticket: str) -> None:
        await self._deed(ticket, "close", close_message=CLOSING)
        for _ in range(20):
            answer = await self._deed(ticket, "reopen")
            if not answer.is_unknown:
                return
            await asyncio.sleep(0.3)

    async def open(self, _ticket: str) -> None:
        """Repeated with its nonce until it is acknowledged."""
        nonce = f"open-{self.device.name}-{self.chance.randrange(10**9)}"
        body = {"subject": f"Another {nonce}"[:100], "description": DESCRIPTION}
        for _ in range(20):
            answer = await self.device.rest.call("POST", "/api/tickets", **body, client_nonce=nonce)
            if answer.status == 201:
                self.device.ledger.opened[nonce] = answer.body["ticket_id"]
            if not answer.is_unknown:
                return
            await asyncio.sleep(0.3)
