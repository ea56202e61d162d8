"""One schedule: people talk in two tickets while things go wrong; afterwards both sides are compared."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.backends import Private, private_postgres
from tests.bot.faults.people import Ticket, person
from tests.bot.faults.schedule import APP, DISCORD, POSTGRES, Schedule, schedule
from tests.bot.faults.trouble import Trouble
from tests.bot.faults.verdict import DESCRIPTION, wrongs
from tests.bot.town import Town, town

CONVERGED_SECONDS = 45.0
SETTLED_SECONDS = 1.0
PACE = (10, 1.0)
"""Messages of one webhook in so many seconds: Discord's own is slower, and would be most of the time."""


@dataclass
class Outcome:
    schedule: Schedule
    said: int
    seconds: float
    """From the last deed and fault until both sides were the same."""
    wrongs: list[str]
    log: str

    @property
    def line(self) -> str:
        state = "VIOLATED" if self.wrongs else "ok"
        one = self.schedule
        return f"{one.backend} {one.seed}: {state}, {self.said} said, the same after {self.seconds:.1f} s"

    @property
    def report(self) -> str:
        return "\n".join([self.line, *self.wrongs, str(self.schedule), self.log])


@dataclass
class Place:
    """A town that many schedules use one after the other."""

    backend: str
    town: Town
    database: Private | None


@contextmanager
def place(backend: str) -> Iterator[Place]:
    postgres = private_postgres() if backend == POSTGRES else nullcontext()
    with tempfile.TemporaryDirectory(prefix="hazesite-town-") as name, postgres as database:
        data = Path(name)
        address = database.address if database else f"sqlite:///{data}/hazebot.sqlite3"
        with town(data, DATABASE_URL=address, REDIS_URL="") as made:
            limits = {"max_open_per_user": 100}
            made.discord.operations.limit("POST /webhooks/{webhook}/{token}", *PACE)
            made.client("ada").put("/api/config/tickets", json=limits).raise_for_status()
            yield Place(backend, made, database)


def run(place: Place, seed: int) -> Outcome:
    made, planned = place.town, schedule(seed, place.backend)
    made.wait(made.connected, 60)  # the library waits longer after each failure of the schedules before
    tickets = _tickets(made, seed)
    trouble = Trouble(made, place.database)
    for name in APP:
        made.client(name)  # signed in before anything fails
    people = [person(made, name, seed, tickets) for name in APP + DISCORD]
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        lives = [
            pool.submit(one.live, [deed for deed in planned.deeds if deed.who == one.name], began)
            for one in people
        ]
        try:
            trouble.happen(planned.faults, began)
        finally:
            trouble.pass_by()
        for life in lives:
            life.result()
    ended = time.monotonic()
    found = _until_the_same(tickets, trouble)
    seconds = time.monotonic() - ended
    outcome = Outcome(planned, sum(len(one.said) for one in tickets), seconds, found, made.bot.log[-8000:])
    for ticket in tickets:
        made.client("ada").delete(f"/api/tickets/{ticket.ticket_id}").raise_for_status()
    return outcome


def _tickets(made: Town, seed: int) -> list[Ticket]:
    ours = made.site.open_ticket("alice", f"Schedule {seed}, in the app")
    theirs = made.open_in_discord(made.people["nora"], f"Schedule {seed}, in Discord", DESCRIPTION)
    found = []
    for one in (ours, theirs):
        place = made.place(one["ticket_num"])["id"]
        made.wait(lambda place=place: made.said(place))
        found.append(Ticket(made, one["ticket_id"], place))
    return found


def _until_the_same(tickets: list[Ticket], trouble: Trouble) -> list[str]:
    """What is still wrong when patience ends; and it must stay right for a moment."""
    deadline = time.monotonic() + CONVERGED_SECONDS
    while found := _all_wrongs(tickets):
        if time.monotonic() > deadline:
            return found
        trouble.keep_alive()
        time.sleep(0.1)
    time.sleep(SETTLED_SECONDS)
    return _all_wrongs(tickets)


def _all_wrongs(tickets: list[Ticket]) -> list[str]:
    try:
        return [one for ticket in tickets for one in wrongs(ticket)]
    except httpx.HTTPError as error:  # it is on its way back
        return [repr(error)]
