"""The event loop of an engine: due monitors in, results out."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace as altered
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections

from hazesite.heartbeats import services as heartbeats
from monitoring.connecting import Connections
from monitoring.engine import claims, figures, results
from monitoring.engine.attempts import attempt, host_of, needs_network
from monitoring.engine.claims import Claim
from monitoring.engine.context import EngineContext
from monitoring.engine.limits import Limits
from monitoring.engine.network import TRUSTED_SECONDS, Network
from monitoring.engine.results import Outcome
from monitoring.models import Status
from monitoring.types import Result

logger = structlog.get_logger(__name__)
T = TypeVar("T")
KIND = "checker"
AHEAD = timedelta(seconds=2)
"""Monitors are taken this long before their slot, so that a busy database makes no check late."""
POLL_SECONDS, PAUSE_SECONDS = 0.5, 1.0
MOST_CLAIMS, MOST_IN_HAND = 1000, 8000
FLUSH_SECONDS, FLUSH_COUNT, MOST_WAITING = 1.0, 500, 100_000
SHORT_INTERVAL = 5.0
"""Of monitors that come back so soon nothing waits to be written."""
FINISH_SECONDS = 7.0
CLOCK_JUMP = 2.0


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Engine:
    """`run` until `stop`; then what is under way is finished or given back, and everything is written.

    `run` raises what a round met unforeseen.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = wall_clock,
        connections: Callable[[], Connections] = Connections,
        limits: Limits | None = None,
        name: str = "",
    ) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.now = now
        self.limits = limits or Limits()
        self._make_connections = connections
        self._stopping = asyncio.Event()
        self._written = asyncio.Event()
        self._work = asyncio.Event()
        self._held: dict[int, Claim] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._attempts: set[asyncio.Task[None]] = set()
        self._outcomes: deque[Outcome] = deque()
        self._is_urgent = False
        self._network = Network()
        self._lags = figures.Lags()
        self._clock_base = 0.0
        self._database = ThreadPoolExecutor(1, thread_name_prefix="engine-database")

    def stop(self) -> None:
        """From the loop's thread."""
        self._stopping.set()
        self._work.set()

    # --- the database, in its one thread ---------------------------------------
    async def database(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._database, _healthily, work, *args)

    # --- the rounds ---------------------------------------------------------------
    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock_base = self._clock_offset()
        self._connections = self._make_connections()
        self._context = EngineContext(self._connections, self.now, self.database)
        writing = asyncio.create_task(self._write())
        rounds = [asyncio.create_task(work()) for work in (self._take, self._live)]
        logger.info("engine_started", engine=self.name)
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            # A round that ends by itself met what nobody foresaw. An engine that takes nothing any more has
            # to end and be started again, rather than look alive.
            await asyncio.wait([stopping, writing, *rounds], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stopping.set()
            # Not cancelled: what a round has just taken must be known, to be given back.
            ended = await asyncio.gather(stopping, *rounds, return_exceptions=True)
            await self._finish(writing)
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _take(self) -> None:
        while not self._stopping.is_set():
            taken = await self._try(self._claim_some, default=0)
            if taken < MOST_CLAIMS:
                await self._pause(POLL_SECONDS)

    async def _claim_some(self) -> int:
        room = min(MOST_CLAIMS, MOST_IN_HAND - len(self._held))
        taken = await self.database(claims.claim, self.name, self.now(), AHEAD, room)
        now = self.now()
        for claim in taken:
            self._held[claim.monitor_id] = claim
            delay = max(0.0, (claim.slot - now).total_seconds())
            self._timers[claim.monitor_id] = self._loop.call_later(delay, self._begin, claim)
        return len(taken)

    async def _live(self) -> None:
        """Say that this engine lives, keep what it holds, notice a clock that was put back."""
        await self._try(self.database, claims.bring_back, self.now())
        while not self._stopping.is_set():
            await self._try(self.database, heartbeats.beat, KIND, self.name)
            if held := list(self._held.values()):
                await self._try(self.database, claims.renew, self.name, held, self.now())
            if self._clock_was_put_back():
                moved = await self._try(self.database, claims.bring_back, self.now(), default=0)
                logger.warning("clock_was_put_back", monitors=moved)
            self._tell()
            await self._pause(claims.RENEW_SECONDS)

    def _clock_offset(self) -> float:
        return self.now().timestamp() - time.monotonic()

    def _clock_was_put_back(self) -> bool:
        was, self._clock_base = self._clock_base, self._clock_offset()
        return self._clock_base < was - CLOCK_JUMP

    def _tell(self) -> None:
        figures.in_hand.labels("held").set(len(self._held))
        figures.in_hand.labels("waiting").set(self.limits.waiting)
        figures.in_hand.labels("checked").set(self.limits.running)
        figures.in_hand.labels("unwritten").set(len(self._outcomes))
        self._lags.tell()

    async def _try(self, work: Callable[..., Any], *args: Any, default: Any = None) -> Any:
        """What the database refuses now is done in the next round; it makes nothing down."""
        try:
            return await work(*args)
        except DatabaseError as error:
            logger.warning("engine_cannot_reach_database", doing=work.__name__, error=repr(error)[:300])
            await asyncio.sleep(PAUSE_SECONDS)
            return default

    # --- one check --------------------------------------------------------------------
    def _begin(self, claim: Claim) -> None:
        self._timers.pop(claim.monitor_id, None)
        task = self._loop.create_task(self._check(claim))
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)

    async def _check(self, claim: Claim) -> None:
        async with self.limits.place(host_of(claim.watched)):
            at = self.now()
            self._lags.add(max(0.0, (at - claim.slot).total_seconds()))
            result = await attempt(claim.watched, self._context)
        if result.unreachable and needs_network(claim.watched):
            result = await self._judged(claim, result)
        self._add(Outcome(claim, at, result))

    async def _judged(self, claim: Claim, result: Result) -> Result:
        """A failure, or nothing that can be told while this host has no network itself."""
        is_known = claim.standing.status in (Status.DOWN, Status.UNKNOWN)
        since = self._loop.time() - (TRUSTED_SECONDS if is_known else 0.0)
        if await self._network.is_up(since):
            return result
        return altered(result, is_up=None, error=f"This host has no network: {result.error}")

    # --- writing -----------------------------------------------------------------------
    def _add(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        while len(self._outcomes) > MOST_WAITING:
            self._forget(self._outcomes.popleft(), "no room")
        is_short = outcome.claim.rules.interval < SHORT_INTERVAL
        if is_short or outcome.step_from_claim().changes(outcome.claim.standing):
            self._is_urgent = True
        if self._is_urgent or len(self._outcomes) >= FLUSH_COUNT:
            self._work.set()

    async def _write(self) -> None:
        """Each second, and at once where a state changes, until all is written after the end."""
        while not (self._stopping.is_set() and not self._attempts and not self._outcomes):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), FLUSH_SECONDS)
            self._work.clear()
            self._is_urgent = False
            if self._outcomes and not await self._write_some():
                await asyncio.sleep(PAUSE_SECONDS)
            if self._stopping.is_set():
                await asyncio.sleep(0.01)
                self._work.set()

    async def _write_some(self) -> bool:
        """False: the database cannot be reached, and nothing was lost."""
        batch = [self._outcomes.popleft() for _number in range(min(len(self._outcomes), 2 * FLUSH_COUNT))]
        try:
            self._settle(batch, await self.database(results.store, batch, self.now()))
        except (OperationalError, InterfaceError) as error:
            logger.warning("results_wait_for_database", count=len(batch), error=repr(error)[:300])
            self._outcomes.extendleft(reversed(batch))
            return False
        except Exception as error:
            await self._write_each(batch, error)
        return True

    async def _write_each(self, batch: Iterable[Outcome], error: Exception) -> None:
        """One of them cannot be stored; the others must not suffer for it."""
        logger.warning("results_stored_one_by_one", error=repr(error)[:300])
        for outcome in batch:
            try:
                self._settle([outcome], await self.database(results.store, [outcome], self.now()))
            except (OperationalError, InterfaceError):
                self._outcomes.append(outcome)
            except Exception as trouble:
                logger.exception("result_not_stored", monitor=outcome.claim.monitor_id, exc_info=trouble)
                self._forget(outcome, "refused")

    def _settle(self, batch: Iterable[Outcome], stored: results.Stored) -> None:
        for outcome in batch:
            self._let_go(outcome.claim)
        for status, count in Counter(str(one.status) for one in stored.applied).items():
            figures.checks.labels(status).inc(count)
        if stored.void:
            figures.dropped.labels("void").inc(stored.void)
        if stored.missed:
            figures.missed.inc(stored.missed)

    def _forget(self, outcome: Outcome, reason: str) -> None:
        figures.dropped.labels(reason).inc()
        self._let_go(outcome.claim)

    def _let_go(self, claim: Claim) -> None:
        if self._held.get(claim.monitor_id) is claim:
            del self._held[claim.monitor_id]

    # --- the end ----------------------------------------------------------------------
    async def _finish(self, writing: asyncio.Task[None]) -> None:
        for timer in self._timers.values():
            timer.cancel()
        idle = [self._held.pop(key) for key in self._timers]
        await self._try(self.database, claims.give_back, self.name, idle)
        if self._attempts:
            _done, left = await asyncio.wait(set(self._attempts), timeout=FINISH_SECONDS)
            for task in left:
                task.cancel()
        with suppress(TimeoutError):
            await asyncio.wait_for(writing, 3.0)
        await self._try(self.database, claims.give_back, self.name, list(self._held.values()))
        await self._try(self.database, heartbeats.end, KIND, self.name)
        await self._connections.close()
        self._database.shutdown(wait=False)
        logger.info("engine_stopped", engine=self.name)


def _healthily(work: Callable[..., T], *args: Any) -> T:
    close_old_connections()
    return work(*args)
