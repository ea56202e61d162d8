"""What goes wrong and when: a pure function of a seed, so that a bad run can be had again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

SQLITE, POSTGRES = "sqlite", "postgres"
BACKENDS = (SQLITE, POSTGRES)
FIRST, LAST = 0.5, 7.0
"""Seconds after the start within which faults begin."""
ATTEMPTS = 40
LINES = (
    "alice-tab", "alice-app", "alice-phone", "alice-inbox", "moira-tab", "moira-app", "ada-tab", "ada-inbox",
)  # fmt: skip
"""The clients' lines: each of them has one to the site that can be disturbed on its own."""

PROCESSES = {
    SQLITE: ("web-1", "worker-1"),
    POSTGRES: ("web-1", "web-2", "worker-1", "worker-2", "postgres", "redis"),
}


@dataclass(frozen=True)
class Kind:
    name: str
    shortest: float
    longest: float


KILL = Kind("kill", 0.4, 1.0)  # SIGKILL; started again afterwards
FREEZE = Kind("freeze", 0.4, 2.5)  # SIGSTOP, then SIGCONT
RESTART = Kind("restart", 0.2, 0.8)  # stopped in order; started again afterwards
ON_PROCESSES = (KILL, KILL, FREEZE, FREEZE, RESTART)
ON_LINES = (
    Kind("cut", 0.0, 0.6),  # all connections reset, new ones refused
    Kind("cut", 0.0, 0.6),
    Kind("mute", 0.5, 2.0),  # what the client says goes nowhere, then its connections break
    Kind("deaf", 0.5, 2.0),  # what the site says goes nowhere, then the connections break
    Kind("late", 0.3, 1.5),  # both ways are held back and delivered afterwards
    Kind("swallow", 0.3, 1.5),  # answers are swallowed after the site gave them, and the connection reset
    Kind("swallow", 0.3, 1.5),
    Kind("repeat", 0.0, 0.0),  # requests of the last seconds arrive once more
    Kind("repeat", 0.0, 0.0),
)


@dataclass(frozen=True, order=True)
class Fault:
    at: float
    target: str
    kind: str
    lasts: float

    @property
    def ends(self) -> float:
        return self.at + self.lasts

    def __str__(self) -> str:
        return f"{self.at:5.2f} s  {self.kind:8} {self.target:12} for {self.lasts:.2f} s"


def schedule(seed: int, backend: str) -> tuple[Fault, ...]:
    """Some 3 to 5 faults of processes and 8 to 14 of lines, in order of time; of a target one at a time."""
    chance = random.Random(f"{backend} {seed}")
    faults: list[Fault] = []
    for many, kinds, targets in (
        (chance.randint(3, 5), ON_PROCESSES, PROCESSES[backend]),
        (chance.randint(8, 14), ON_LINES, LINES),
    ):
        for _ in range(many):
            faults += _fitting(chance, kinds, targets, faults)
    return tuple(sorted(faults))


def _fitting(
    chance: random.Random, kinds: Iterable[Kind], targets: tuple[str, ...], before: list[Fault]
) -> list[Fault]:
    """One more that does not meet another at its target; none when there is hardly room left."""
    for _ in range(ATTEMPTS):
        kind, target = chance.choice(list(kinds)), chance.choice(targets)
        at = round(chance.uniform(FIRST, LAST), 2)
        fault = Fault(at, target, kind.name, round(chance.uniform(kind.shortest, kind.longest), 2))
        if all(_apart(fault, other) for other in before if other.target == target):
            return [fault]
    return []


def _apart(one: Fault, other: Fault) -> bool:
    """A process that was killed gets a moment to come back before the next thing happens to it."""
    pause = 1.5 if one.target not in LINES else 0.2
    return one.at > other.ends + pause or other.at > one.ends + pause


def as_text(seed: int, backend: str) -> str:
    faults = "\n".join(f"  {fault}" for fault in schedule(seed, backend))
    return f"schedule {seed} on {backend}:\n{faults}"
