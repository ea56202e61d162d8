"""One schedule, from its first fault to its verdict."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.clients import Inbox, Stranger
from tests.faults.crowd import Crowd
from tests.faults.devices import Surroundings, is_caught_up
from tests.faults.ledger import Ledger
from tests.faults.schedule import Fault, as_text, schedule
from tests.faults.site import Place, Site
from tests.faults.verdict import verdict
from tests.faults.wire import Wire

CONVERGED_WITHIN = 10.0
"""Seconds after the last fault within which everybody has everything; on a busy machine it gets longer."""
QUIET_SECONDS = 0.6
"""What comes too late or twice shows itself by then."""


@dataclass
class Outcome:
    seed: int
    backend: str
    faults: int
    acknowledged: int
    steps: int
    converged: float
    """Seconds after the last fault."""
    slowness: float
    wrongs: list[str]
    answers: Counter[str]

    @property
    def line(self) -> str:
        return (
            f"{self.backend:8} seed {self.seed:<5} {self.faults:2} faults  "
            f"{self.acknowledged:3} acknowledged  {self.steps:3} steps  "
            f"converged in {self.converged:4.1f} s  "
            f"{f'(busy: {self.slowness:.1f}x)  ' if self.slowness > 1 else ''}"
            f"{'ok' if not self.wrongs else 'VIOLATED'}"
        )

    @property
    def report(self) -> str:
        repeat = f"make faults BACKEND={self.backend} SCHEDULES=1 SEED={self.seed}"
        wrongs = "\n".join(f"  - {wrong}" for wrong in self.wrongs)
        shown = f"{as_text(self.seed, self.backend)}\nanswers: {dict(self.answers)}"
        return f"{shown}\nviolated:\n{wrongs}\nto repeat it: {repeat}"


def run(place: Place, seed: int) -> Outcome:
    site = Site(place, f"{seed}_{time.time_ns():x}")
    try:
        site.start()
        outcome = asyncio.run(disturbed(site, seed))
        if outcome.wrongs:
            outcome.wrongs.append(f"what the processes said:\n{site.logs()}")
        return outcome
    finally:
        site.stop()


async def disturbed(site: Site, seed: int) -> Outcome:
    place, faults = site.place, schedule(seed, site.place.backend)
    ledger = Ledger()
    crowd = Crowd(Surroundings(place.tokens, place.tickets, ledger, seed), site.ports)
    await crowd.come()
    supervisor = asyncio.ensure_future(site.supervise())
    try:
        enough = asyncio.Event()
        acting = asyncio.ensure_future(crowd.act(enough))
        await asyncio.gather(site.run(faults), disturb(crowd.wires, faults))
        last_fault = time.monotonic()
        enough.set()
        converged = await convergence(site, crowd, acting, last_fault)
        await asyncio.sleep(QUIET_SECONDS)
        wrongs = await asyncio.to_thread(lambda: list(verdict(crowd, site.truth)))
        wrongs = ledger.wrongs + crowd.broken() + wrongs + unfinished(converged, crowd, site)
        steps = sum(len(site.truth.steps(ticket)) for ticket in place.tickets)
        counted = (len(faults), len(ledger.acknowledged), steps)
        return Outcome(seed, place.backend, *counted, converged, site.slowness, wrongs, ledger.answers)
    finally:
        supervisor.cancel()
        await crowd.leave()


async def disturb(wires: dict[str, Wire], faults: tuple[Fault, ...]) -> None:
    began = time.monotonic()

    async def happen(fault: Fault) -> None:
        await asyncio.sleep(began + fault.at - time.monotonic())
        wires[fault.target].begin(fault.kind)
        await asyncio.sleep(fault.lasts)
        wires[fault.target].end(fault.kind)

    await asyncio.gather(*(happen(fault) for fault in faults if fault.target in wires))


async def convergence(site: Site, crowd: Crowd, acting: asyncio.Future[Any], last_fault: float) -> float:
    while time.monotonic() - last_fault < CONVERGED_WITHIN * site.slowness:
        if acting.done() and await asyncio.to_thread(is_converged, crowd, site):
            break
        await asyncio.sleep(0.1)
    took = time.monotonic() - last_fault
    acting.cancel()
    return took


def is_converged(crowd: Crowd, site: Site) -> bool:
    try:
        heads, jobs = site.truth.heads(), site.truth.jobs()
    except (psycopg.Error, sqlite3.Error):
        return False
    return not behind(crowd, heads) and set(jobs) == {"done"}


def behind(crowd: Crowd, heads: dict[str, tuple[int, int]]) -> list[str]:
    return [
        name
        for name, device in crowd.devices.items()
        if not isinstance(device, Stranger)
        and not (device.shows(heads) if isinstance(device, Inbox) else is_caught_up(device, heads))
    ]


def unfinished(converged: float, crowd: Crowd, site: Site) -> list[str]:
    if converged < CONVERGED_WITHIN * site.slowness:
        return []
    heads = site.truth.heads()
    places = {
        name: device.places if isinstance(device, Inbox) else [s.seq for s in device.screens.values()]
        for name, device in crowd.devices.items()
    }
    unsent = {name: list(device.outbox) for name, device in crowd.devices.items() if device.outbox}
    late = f"not converged after {converged:.0f} s: {behind(crowd, heads)} at {places} of {heads}"
    return [late, f"unsent: {unsent}", f"jobs: {site.truth.jobs()}", *site.surprises]
