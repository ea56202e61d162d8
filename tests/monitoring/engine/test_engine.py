"""The loop of an engine, in the process of the tests: with a real database and real targets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpcore
import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections, transaction
from django.utils import timezone

from hazesite.heartbeats.models import Heartbeat
from monitoring.connecting import Connections
from monitoring.engine import claims, loop, results
from monitoring.engine.limits import Limits
from monitoring.engine.loop import Engine
from monitoring.models import Check, Incident, Monitor, MonitorState, Spell, Status
from monitoring.services import standing
from tests.monitoring.engine import stage
from tests.serving import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@asynccontextmanager
async def running(engine: Engine) -> AsyncIterator[Engine]:
    task = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.stop()
        await asyncio.wait_for(task, 30)


async def until(look: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := await sync_to_async(look)()):
        assert asyncio.get_running_loop().time() < deadline, "it did not come to pass"
        await asyncio.sleep(0.05)
    return found


@pytest.fixture(autouse=True)
def private(settings):
    settings.MONITOR_ALLOW_PRIVATE_TARGETS = True


@pytest.fixture
def watch(targets) -> Callable[..., Monitor]:
    def make(name: str = "web", path: str = "/ok", **columns: Any) -> Monitor:
        url = {"url": f"{targets.base_url}{path}"} | columns
        made = stage.monitor(name, timezone.now(), **url)
        MonitorState.objects.filter(pk=made.pk).update(next_check_at=timezone.now())
        return made

    return make


def status_is(one: Monitor, status: str) -> Callable[[], bool]:
    return lambda: MonitorState.objects.get(pk=one.pk).status == status


async def test_monitors_are_checked_and_what_is_paused_is_not(watch):
    web, paused = await sync_to_async(watch)(), await sync_to_async(watch)("paused")
    await sync_to_async(transaction.atomic(standing.pause))(paused, timezone.now())
    async with running(Engine()):
        await until(status_is(web, Status.UP))
    assert await sync_to_async(lambda: {one.monitor_id for one in Check.objects.all()})() == {web.pk}
    state = await MonitorState.objects.aget(pk=web.pk)
    assert (state.engine, state.failures) == ("", 0)
    assert timezone.now() < state.next_check_at <= timezone.now() + timedelta(seconds=61)


async def test_a_failure_and_a_recovery(watch, targets, happened):
    web = await sync_to_async(watch)(path="/settable", interval=1)
    async with running(Engine()):
        targets.status = 500
        await until(status_is(web, Status.DOWN))
        targets.status = 200
        await until(status_is(web, Status.UP))
    assert [event.type for event in happened] == ["monitor_down", "monitor_up"]
    incident = await Incident.objects.aget()
    assert incident.cause == "The answer is 500, expected 200-299"
    assert incident.resolved_at > incident.started_at


async def test_an_engine_says_that_it_lives_and_leaves_nothing_behind(watch):
    await sync_to_async(watch)()
    far = await sync_to_async(watch)("far")
    await MonitorState.objects.filter(pk=far.pk).aupdate(
        next_check_at=timezone.now() + timedelta(seconds=1.9)
    )
    async with running(Engine(name="mine")):
        await until(lambda: Heartbeat.objects.filter(kind="checker", name="mine").exists())
        await until(
            lambda: (
                MonitorState.objects.filter(pk=far.pk, engine="mine").exists() or Check.objects.count() > 1
            )
        )
    assert not await Heartbeat.objects.aexists()
    assert not await MonitorState.objects.exclude(engine="").aexists()


async def test_what_is_being_checked_when_it_stops_is_finished(watch):
    web = await sync_to_async(watch)(path="/slow?seconds=1")
    async with running(Engine()) as engine:
        await until(lambda: MonitorState.objects.get(pk=web.pk).engine)
        await asyncio.sleep(0.1)
        assert engine._held
    check = await Check.objects.aget()
    assert (check.is_up, check.answer) == (True, "at last")


async def test_a_slow_target_holds_up_no_other(watch, targets):
    slow = f"http://localhost:{targets.port}/slow?seconds=1"
    for number in range(4):
        await sync_to_async(watch)(f"slow{number}", url=slow)
    fast = await sync_to_async(watch)("fast")
    async with running(Engine(limits=Limits(at_once=4, at_one_host=1))):
        await until(status_is(fast, Status.UP))
        assert await Check.objects.acount() <= 2


async def test_waiting_for_a_place_is_no_response_time(watch):
    for number in range(4):
        await sync_to_async(watch)(f"m{number}", "/slow?seconds=0.4")
    async with running(Engine(limits=Limits(at_one_host=1))):
        await until(lambda: Check.objects.count() == 4)
    times = [check.response_ms async for check in Check.objects.all()]
    assert all(350 < one < 1200 for one in times), times


# --- trouble --------------------------------------------------------------------
async def test_a_database_that_is_away_makes_nothing_down_and_loses_nothing(watch, monkeypatch):
    web = await sync_to_async(watch)()
    refusals, real = iter([OperationalError("gone")] * 2), results.store

    def store(batch, now):
        for error in refusals:
            raise error
        return real(batch, now)

    monkeypatch.setattr(results, "store", store)
    async with running(Engine()):
        await until(status_is(web, Status.UP))
    assert await Check.objects.acount() == 1


async def test_looking_in_vain_for_a_database_goes_on(watch, monkeypatch):
    web = await sync_to_async(watch)()
    refusals, real = iter([OperationalError("gone")] * 2), claims.claim

    def claim(*args):
        for error in refusals:
            raise error
        return real(*args)

    monkeypatch.setattr(claims, "claim", claim)
    async with running(Engine()):
        await until(status_is(web, Status.UP))


async def test_one_result_that_cannot_be_stored_harms_no_other(watch, monkeypatch):
    good, bad = await sync_to_async(watch)("good"), await sync_to_async(watch)("bad")
    real = results.troubles.follow

    def follow(applied, now):
        if any(one.monitor_id == bad.pk for one in applied):
            raise ValueError("an alert that cannot be written")
        real(applied, now)

    monkeypatch.setattr(results.troubles, "follow", follow)
    async with running(Engine()):
        await until(status_is(good, Status.UP))
    assert await sync_to_async(status_is(bad, Status.PENDING))()


async def test_results_that_find_no_room_are_dropped_and_counted(watch, monkeypatch):
    monkeypatch.setattr(loop, "MOST_WAITING", 1)
    engine = Engine()
    for name in ("a", "b"):
        await sync_to_async(watch)(name)
    taken = await sync_to_async(claims.claim)("x", timezone.now(), timedelta(seconds=2), 10)
    for claim in taken:
        engine._held[claim.monitor_id] = claim
        engine._add(results.Outcome(claim, timezone.now(), results.Result(True)))
    assert list(engine._held) == [taken[1].monitor_id]


async def test_without_a_network_of_its_own_nothing_is_down(watch, settings, happened):
    settings.MONITOR_REFERENCE_TARGETS = [f"127.0.0.1:{free_port()}"]
    there = await sync_to_async(watch)("there", url="http://no-such-name.invalid/")
    here = await sync_to_async(watch)("here", url=f"http://127.0.0.1:{free_port()}/")
    hangs = await sync_to_async(watch)("hangs", path="/slow?seconds=9", timeout=0.5)
    async with running(Engine()):
        await until(status_is(there, Status.UNKNOWN))
        await until(status_is(here, Status.DOWN))
        await until(status_is(hangs, Status.DOWN))  # this machine is reached without a network
    assert {event.monitor_id for event in happened} == {here.pk, hangs.pk}
    check = await Check.objects.aget(monitor_id=there.pk)
    assert check.is_up is None
    assert check.error.startswith("This host has no network")


async def test_with_a_network_an_unknown_name_is_down(watch, settings, targets, happened):
    settings.MONITOR_REFERENCE_TARGETS = [f"127.0.0.1:{targets.port}"]
    there = await sync_to_async(watch)("there", url="http://no-such-name.invalid/")
    async with running(Engine()):
        await until(status_is(there, Status.DOWN))


class Wire:
    """A network as far as names go: while it is cut, none is known."""

    is_cut = False

    def __call__(self, host: str, _port: int) -> list[str]:
        if self.is_cut:
            raise httpcore.ConnectError(f"{host} is not known")
        return ["127.0.0.1"]


async def test_unplugged_as_far_as_names_and_references_go(watch, settings, targets, happened):
    """What `test_unplugged.py` does with a real cable, for machines on which none can be laid."""
    targets.status, answers = 200, f"127.0.0.1:{targets.port}"
    settings.MONITOR_REFERENCE_TARGETS, wire = [answers], Wire()
    far = await sync_to_async(watch)(url=f"http://far.test:{targets.port}/settable", interval=1)
    async with running(Engine(connections=lambda: Connections(wire))):
        await until(status_is(far, Status.UP))
        wire.is_cut, settings.MONITOR_REFERENCE_TARGETS = True, [f"127.0.0.1:{free_port()}"]
        await until(status_is(far, Status.UNKNOWN))
        await until(lambda: Check.objects.filter(is_up=None).count() >= 2)
        wire.is_cut, settings.MONITOR_REFERENCE_TARGETS = False, [answers]
        await until(status_is(far, Status.UP))
        seen = await Check.objects.acount()
        await until(lambda: Check.objects.count() >= seen + 2)
        assert happened == [] and not await Check.objects.filter(is_up=False).aexists()
        targets.status = 500
        await until(status_is(far, Status.DOWN))
    statuses = [one.status async for one in Spell.objects.filter(monitor=far).order_by("started_at", "pk")]
    assert statuses == ["unknown", "up", "unknown", "up", "down"]


class Stepping:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_is_set_stops_nothing(watch, monkeypatch, hours):
    monkeypatch.setattr(claims, "RENEW_SECONDS", 0.2)
    web, clock = await sync_to_async(watch)(interval=2), Stepping()
    async with running(Engine(now=clock)):
        await until(lambda: Check.objects.exists())
        clock.by = timedelta(hours=hours)
        there = timezone.now() + timedelta(hours=hours)
        hour = (there - timedelta(hours=1), there + timedelta(hours=1))
        await until(lambda: Check.objects.filter(at__range=hour).exists())
    spells = [one async for one in Spell.objects.filter(monitor=web).order_by("pk")]
    assert all(one.ended_at is None or one.ended_at >= one.started_at for one in spells)
    assert await Incident.objects.acount() == 0


async def test_connections_to_the_database_are_those_of_one_thread(watch):
    await sync_to_async(watch)()
    async with running(Engine()) as engine:
        await until(lambda: Check.objects.exists())
        names = {thread.name for thread in threading.enumerate()}
        assert len([name for name in names if name.startswith("engine-database")]) == 1
        assert engine.limits.running == 0
    connections.close_all()


@pytest.mark.postgres
@pytest.mark.skipif(connections["default"].vendor != "postgresql", reason="SQLite locks no rows")
async def test_what_somebody_keeps_locked_keeps_nothing_else_waiting(watch):
    """An engine that was frozen in the midst of a transaction, say."""
    stuck, web = await sync_to_async(watch)("stuck"), await sync_to_async(watch)(interval=1)
    settings = connections["default"].get_connection_params()
    wanted = {
        name: settings[name] for name in ("dbname", "user", "password", "host", "port") if name in settings
    }

    def checks(of: Monitor, more_than: int) -> Callable[[], bool]:
        return lambda: Check.objects.filter(monitor=of).count() > more_than

    with psycopg.connect(**wanted) as other:
        other.execute("SELECT 1 FROM monitoring_monitorstate WHERE monitor_id = %s FOR UPDATE", [stuck.pk])
        async with running(Engine()):
            await until(checks(web, 2))
            assert not await sync_to_async(checks(stuck, 0))()
            other.rollback()
            await until(checks(stuck, 0))


@pytest.mark.parametrize("where", ["claim", "renew"])
async def test_an_engine_that_meets_what_nobody_foresaw_ends_and_says_so(watch, monkeypatch, where):
    def broken(*_given: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    await sync_to_async(watch)(path="/slow?seconds=3", interval=60)  # in hand long enough to be renewed
    monkeypatch.setattr(claims, where, broken)
    monkeypatch.setattr(claims, "RENEW_SECONDS", 0.1)
    with pytest.raises(RuntimeError, match="nobody foresaw this"):
        await asyncio.wait_for(Engine().run(), 20)
