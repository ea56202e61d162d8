"""What people say and what goes wrong between a site and its Discord: a pure function of a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

SQLITE, POSTGRES = "sqlite", "postgres"
BACKENDS = (SQLITE, POSTGRES)
LAST = 7.0
"""Seconds after the start within which everything begins."""
APP, DISCORD = ("moira", "alice"), ("nora", "max")
DEEDS = ("write",) * 9 + ("edit",) * 4 + ("delete",) * 2 + ("file",) * 2 + ("burst", "long", "claim")


@dataclass(frozen=True, order=True)
class Deed:
    """Something a person does; `which` chooses among what they said before.

    The first ticket is alice's, who is in the app, the second nora's, who is in Discord.
    """

    at: float
    who: str
    verb: str
    ticket: int
    which: int

    def __str__(self) -> str:
        return f"{self.at:5.2f} s  {self.who:6} {self.verb} in ticket {self.ticket} ({self.which})"


@dataclass(frozen=True, order=True)
class Fault:
    at: float
    kind: str
    lasts: float
    number: int = 0
    """A close code, a status, or how often."""

    def __str__(self) -> str:
        return f"{self.at:5.2f} s  {self.kind} {self.number or ''} for {self.lasts:.2f} s"


@dataclass(frozen=True)
class Kind:
    name: str
    shortest: float = 0.0
    longest: float = 0.0
    numbers: tuple[int, ...] = (0,)


KINDS = (
    Kind("close", numbers=(4000, 4009, 1000)),
    Kind("abort"),
    Kind("reconnect"),
    Kind("invalid"),  # the session is over: nobody tells what happened in between
    Kind("unheard", 0.3, 1.5),  # the gateway is away and remembers nothing; the guild goes on
    Kind("outage", 0.2, 1.0),  # neither REST nor gateway
    Kind("unanswered", numbers=(1, 2)),  # Discord does it, and the connection ends before the answer
    Kind("hanging", 1.5, 1.5, (1,)),  # Discord does it, and does not answer in time
    Kind("unanswered-any", numbers=(1, 2)),
    Kind("errors", numbers=(500, 502, 503)),
    Kind("limits", numbers=(429,)),
    Kind("kill", 0.1, 1.0),  # SIGKILL of the bot
    Kind("kill", 0.1, 1.0),
    Kind("freeze", 0.3, 2.5),  # SIGSTOP of the bot
    Kind("two", 1.0, 2.0),  # somebody starts a second bot
    Kind("web", 0.2, 0.8),  # SIGKILL of the site's web process
)
DATABASE = Kind("database-restart", 0.2, 0.8)  # PostgreSQL is restarted


@dataclass(frozen=True)
class Schedule:
    seed: int
    backend: str
    deeds: tuple[Deed, ...]
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        lines = "\n".join(f"  {one}" for one in self.faults)
        return f"schedule {self.seed} on {self.backend}:\n{lines}"


def schedule(seed: int, backend: str) -> Schedule:
    """Some 40 deeds of four people in two tickets, and 4 to 7 faults."""
    chance = random.Random(f"discord {backend} {seed}")
    deeds = sorted(_deed(chance) for _ in range(chance.randint(35, 45)))
    kinds = [*KINDS, DATABASE, DATABASE] if backend == POSTGRES else list(KINDS)
    faults = sorted(_fault(chance, chance.choice(kinds)) for _ in range(chance.randint(4, 7)))
    return Schedule(seed, backend, tuple(deeds), tuple(faults))


def _deed(chance: random.Random) -> Deed:
    at, who = round(chance.uniform(0, LAST), 2), chance.choice(APP + DISCORD)
    verb = chance.choice(DEEDS)
    if verb == "claim" and who != "moira":
        verb = "write"
    ticket = {"alice": 0, "nora": 1}.get(who, chance.randrange(2))
    return Deed(at, who, verb, ticket, chance.randrange(1000))


def _fault(chance: random.Random, kind: Kind) -> Fault:
    at, lasts = chance.uniform(0.3, LAST), chance.uniform(kind.shortest, kind.longest)
    return Fault(round(at, 2), kind.name, round(lasts, 2), chance.choice(kind.numbers))
