"""Sends what is due, beside the jobs of `manage.py worker`. Any number may run, on any number of hosts."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import httpx
import structlog
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django.utils import timezone

from hazesite import outbound
from hazesite.metrics.counters import Reasons, counter
from hazesite.outgoing import services
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.room import AT_ONCE, Room
from hazesite.outgoing.transports import (
    TRANSPORTS,
    GiveUp,
    Outcome,
    Ready,
    Retract,
    Retry,
    Sent,
    Verdict,
    Wait,
)

logger = structlog.get_logger(__name__)
_reasons = Reasons()
_outcomes = counter(
    "hazebot_deliveries", "Attempts to send what goes out.", ("transport", "outcome", "reason")
)
OUTCOMES = {Sent: "sent", Retry: "failed", Wait: "waits", GiveUp: "given_up", Retract: "retracted"}
POLL_SECONDS = 0.25
GATHER_SECONDS = 0.015
"""What ends within this time of each other is settled together."""
GIVE_BACK_AFTER_SECONDS = 7.0
T = TypeVar("T")


class Drainer:
    """`run` in a thread of its own until `stop`; then it finishes what is under way, or gives it back.

    One thread touches the database; sending happens on an event loop. Each look settles what ended since
    the last one in one transaction, and leases what there is room for in another.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._room = Room(at_once)
        self._sending: dict[asyncio.Task[None], Delivery] = {}
        self._ended: list[tuple[Delivery, Outcome]] = []
        self._stopping = threading.Event()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """From any thread, or a signal handler."""
        self._stopping.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended already
                self._loop.call_soon_threadsafe(self._wake.set)

    def run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="outgoing") as self._database:
            async with outbound.async_client() as out:
                while not self._stopping.is_set():
                    await self._round(out)
                await self._finish()

    async def _round(self, out: httpx.AsyncClient) -> None:
        self._wake.clear()
        leased = False
        try:
            await self._settle()
            for delivery, verdict in await self._in_database(self._lease, self._room.copy()):
                leased = True
                self._begin(delivery, verdict, out)
        except DatabaseTrouble as error:
            logger.warning("drainer_cannot_look", error=repr(error))
            await asyncio.sleep(1)
        except Exception as error:  # whatever it is, the next look may fare better
            logger.exception("drainer_failed", error=repr(error))
            await asyncio.sleep(1)
        if not leased:
            await self._rest(POLL_SECONDS)
            if self._sending:
                await asyncio.sleep(GATHER_SECONDS)

    async def _rest(self, seconds: float) -> None:
        """Until something ended, or it is time to look again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _in_database(self, work: Callable[..., T], *args: Any) -> T:
        def call() -> T:
            close_old_connections()
            try:
                return work(*args)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._database, call)

    # --- taking ----------------------------------------------------------------
    def _lease(self, room: Room) -> list[tuple[Delivery, Verdict]]:
        now = timezone.now()
        leased = services.lease(self.name, room)
        verdicts: dict[int, Verdict] = {}
        by_transport = defaultdict(list)
        for delivery in leased:
            if delivery.expires_at <= now:
                verdicts[delivery.pk] = GiveUp(delivery.reason or "Its time was over before it was sent.")
            else:
                by_transport[delivery.transport].append(delivery)
        for name, group in by_transport.items():
            verdicts |= _check(name, group)
        return [(delivery, verdicts[delivery.pk]) for delivery in leased]

    def _begin(self, delivery: Delivery, verdict: Verdict, out: httpx.AsyncClient) -> None:
        if not isinstance(verdict, Ready):
            self._end(delivery, verdict)
            return
        self._room.admit(delivery)
        task = asyncio.create_task(self._send(delivery, verdict, out))
        self._sending[task] = delivery
        task.add_done_callback(self._note_end)

    # --- sending ---------------------------------------------------------------
    async def _send(self, delivery: Delivery, ready: Ready, out: httpx.AsyncClient) -> None:
        transport = TRANSPORTS[delivery.transport]
        try:
            async with asyncio.timeout(transport.deadline):
                outcome = await transport.send(delivery, ready.content, out)
        except TimeoutError:
            outcome = Retry(f"No answer within {transport.deadline:g} seconds.")
        except Exception as error:
            logger.warning("delivery_failed", delivery=delivery.pk, thing=delivery.thing, exc_info=error)
            outcome = Retry(f"{type(error).__name__}: {error}")
        self._room.note(delivery, failed=not isinstance(outcome, Sent))
        self._end(delivery, outcome)

    def _end(self, delivery: Delivery, outcome: Outcome) -> None:
        self._ended.append((delivery, outcome))
        self._wake.set()

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._room.leave(self._sending.pop(task))

    async def _settle(self) -> None:
        """What cannot be written down now stays for the next look."""
        if ended := self._ended[:]:
            for delivery in await self._in_database(services.settle, ended):
                logger.warning("delivery_lost_its_lease", delivery=delivery.pk, thing=delivery.thing)
            for delivery, outcome in ended:
                _count(delivery, outcome)
            del self._ended[: len(ended)]

    # --- stopping --------------------------------------------------------------
    async def _finish(self) -> None:
        left = dict(self._sending)
        if left:
            await asyncio.wait(left, timeout=GIVE_BACK_AFTER_SECONDS)
        cut_off = [delivery for task, delivery in left.items() if not task.done()]
        for task in left:
            task.cancel()
        try:
            await self._settle()
            await self._in_database(services.give_back, cut_off)
        except DatabaseTrouble as error:  # their leases will end
            logger.warning("deliveries_not_settled", error=repr(error))


def _count(delivery: Delivery, outcome: Outcome) -> None:
    also = len(outcome.also) if isinstance(outcome, Sent) else 0
    reason = "" if isinstance(outcome, (Sent, Wait)) else _reasons.label(outcome.reason)
    _outcomes.labels(delivery.transport, OUTCOMES[type(outcome)], reason).inc(1 + also)


def _check(name: str, deliveries: list[Delivery]) -> dict[int, Verdict]:
    try:
        verdicts = TRANSPORTS[name].check(deliveries)
    except Exception as error:
        logger.exception("transport_cannot_check", transport=name, error=repr(error))
        return {delivery.pk: Retry(f"{type(error).__name__}: {error}") for delivery in deliveries}
    return {delivery.pk: verdicts[delivery.pk] for delivery in deliveries}
