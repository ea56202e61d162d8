"""What the answers say, check by check, and that nothing that hangs makes them hang."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import services as accounts
from accounts.services import Device
from botconfig.models import BotPresence
from hazesite.health import answers, checks, lanes, machine, registry
from hazesite.health.registry import CHECKS, Check, error, ok, warning
from hazesite.heartbeats import services as heartbeats
from hazesite.heartbeats.models import Heartbeat
from hazesite.jobs.models import Job
from hazesite.outgoing.models import Delivery

NAMES = {
    "memory", "cpu", "disk", "cache", "sessions", "analytics", "error_tracker", "bot", "workers", "monitors",
    "jobs", "outgoing", "notifications",
}  # fmt: skip


@pytest.fixture
def alone(monkeypatch) -> Iterator[dict[str, Check]]:
    """No checks but those that the test adds."""
    mine: dict[str, Check] = {}
    monkeypatch.setattr(answers, "CHECKS", mine)
    monkeypatch.setattr(lanes, "_lanes", {})
    yield mine


def add(among, name, look, lane="", deadline=1.0):
    among[name] = Check(look, lane or name, deadline)


# --- what they make together -------------------------------------------------
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ([], "ok"),
        ([ok(), ok()], "ok"),
        ([ok(), warning()], "degraded"),
        ([error()], "degraded"),
        ([error(), error(), warning()], "degraded"),
        ([error(), error(), error()], "unhealthy"),
    ],
)
async def test_the_status_is_made_of_all_checks(alone, said, status):
    for number, result in enumerate(said):
        add(alone, f"check{number}", lambda result=result: result)
    code, body = await answers.detailed()
    assert (code, body["status"]) == (200 if status == "ok" else 503, status)
    assert len(body["checks"]) == len(said)


async def test_what_a_library_says_of_its_failure_is_not_told(alone):
    def away():
        raise ConnectionError("connecting to redis://:hunter2@10.0.0.1 failed")

    add(alone, "cache", away)
    _code, body = await answers.detailed()
    assert body["checks"]["cache"] == {"status": "error", "message": "Not reachable"}


async def test_a_check_that_hangs_costs_a_second_and_one_thread(alone):
    release, begun = threading.Event(), []

    def hang():
        begun.append(1)
        release.wait(30)
        return ok()

    add(alone, "first", lambda: ok(seen=True), "database")
    add(alone, "stuck", hang, "database")
    add(alone, "behind", ok, "database")
    add(alone, "elsewhere", ok)
    try:
        started = time.monotonic()
        many = await asyncio.gather(*(answers.detailed() for _ in range(20)))
        assert time.monotonic() - started < 1.3
        assert begun == [1]
        for _code, body in many:
            found = {name: check["status"] for name, check in body["checks"].items()}
            assert found == {"first": "ok", "stuck": "error", "behind": "error", "elsewhere": "ok"}
        # What the stuck round said long ago is not how things are.
        await asyncio.sleep(0.3)
        assert (await answers.detailed())[1]["checks"]["first"]["message"] == lanes.NO_ANSWER
        assert begun == [1]
    finally:
        release.set()
    await asyncio.sleep(0.1)
    assert (await answers.detailed())[1]["status"] == "ok"


async def test_a_check_has_a_deadline_of_its_own(alone):
    add(alone, "slow", lambda: time.sleep(0.2) or ok(), deadline=0.1)
    assert (await answers.detailed())[1]["checks"]["slow"]["status"] == "error"


def test_no_check_may_take_longer_than_a_second(monkeypatch):
    monkeypatch.setattr(registry, "CHECKS", {})
    registry.check("slow", deadline=30)(ok)
    assert registry.CHECKS["slow"].deadline == 1.0


# --- each of them ------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
async def test_all_checks_are_there_with_their_facts(monkeypatch):
    monkeypatch.setattr(machine.processors, "percent", lambda: 1.0)
    monkeypatch.setattr(machine, "memory", lambda: (45.2, 12.5))
    monkeypatch.setattr(machine, "disk", lambda: (62.1, 48.3))
    code, body = await answers.detailed()
    found = body["checks"]
    assert code == 200, found
    assert set(found) == NAMES
    assert found["memory"] == {"status": "ok", "usage_percent": 45.2, "available_gb": 12.5}
    assert found["cpu"] == {"status": "ok", "usage_percent": 1.0}
    assert found["disk"] == {"status": "ok", "usage_percent": 62.1, "free_gb": 48.3}
    assert found["cache"]["type"] in ("redis", "simple")
    assert found["sessions"] == {"status": "ok", "active_count": 0}
    assert found["bot"] == {"status": "ok", "enabled": False}
    assert found["workers"] == {"status": "ok", "count": 0}
    assert {"enabled"} < found["analytics"].keys() and {"enabled"} < found["error_tracker"].keys()


@pytest.mark.parametrize(
    ("percent", "status"), [(89.9, "ok"), (90, "warning"), (94.9, "warning"), (95, "error")]
)
def test_memory_and_disk_and_processors_have_limits(monkeypatch, percent, status):
    monkeypatch.setattr(machine, "memory", lambda: (percent, 0.5))
    monkeypatch.setattr(machine, "disk", lambda: (percent, 0.5))
    busy = SimpleNamespace(is_known=True, percent=lambda: percent)
    monkeypatch.setattr(machine, "processors", busy)
    assert [look().status for look in (checks.memory, checks.disk, checks.cpu)] == [status] * 3


def test_a_start_that_keeps_everybody_busy_is_no_trouble(monkeypatch):
    starting = machine.Processors()
    monkeypatch.setattr(starting, "percent", lambda: 100.0)
    monkeypatch.setattr(machine, "processors", starting)
    assert checks.cpu() == ok(usage_percent=100.0)
    starting._readings[0] = machine.Reading(time.monotonic() - 61, 0, 0)
    assert checks.cpu().status == "error"


def test_processors_are_a_mean_of_the_last_minute(monkeypatch):
    reading = iter([machine.Reading(float(n), n * 1.0, n * 2.0) for n in range(0, 200, 5)])
    monkeypatch.setattr(machine.Reading, "now", lambda: next(reading))
    processors = machine.Processors()
    for _ in range(20):
        processors.look()
    assert processors._readings[-1].at - processors._readings[0].at == 60
    assert processors.percent() == 50.0


def test_a_cache_that_forgets_is_an_error(monkeypatch):
    monkeypatch.setattr(cache, "get", lambda _key: None)
    assert checks.cache_keeps_what_it_is_given().status == "error"


def test_only_people_who_are_signed_in_are_counted(alice, ada, client_of):
    client_of(ada).post("/api/auth/monitoring-token")
    accounts.end_session(accounts.start_session(alice, Device()))
    assert CHECKS["sessions"].look() == ok(active_count=1)


# --- the bot -----------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "seconds", "facts", "expected"),
    [
        ("", None, {}, ok(enabled=False)),
        ("a-token", None, {}, error("No bot is running", enabled=True)),
        ("a-token", -30, {"connected": True}, error("No bot is running", enabled=True)),
        ("a-token", 10, {}, warning("The bot is not connected to Discord", enabled=True)),
        ("a-token", 10, {"connected": True, "latency_ms": 41.5}, ok(enabled=True, latency_ms=41.5)),
        ("", 10, {"connected": True, "latency_ms": None}, ok(enabled=True, latency_ms=None)),
    ],
)
def test_the_bot(settings, token, seconds, facts, expected):
    settings.DISCORD_TOKEN = token
    if seconds is not None:
        until = timezone.now() + timedelta(seconds=seconds)
        BotPresence.objects.create(name="bot", until=until, facts=facts)
    assert CHECKS["bot"].look() == expected


# --- workers and their work --------------------------------------------------
@pytest.mark.django_db
def test_workers_are_counted_and_missed():
    assert checks.workers() == ok(count=0)  # switched off here
    heartbeats.beat("worker", "one")
    heartbeats.beat("worker", "two")
    heartbeats.beat("engine", "other")
    assert checks.workers() == ok(count=2)
    Heartbeat.objects.filter(name="one").update(seen_at=timezone.now() - timedelta(minutes=5))
    assert checks.workers() == ok(count=1)  # somebody else took over
    assert heartbeats.forget_the_dead() == 1
    Heartbeat.objects.filter(name="two").update(seen_at=timezone.now() - timedelta(minutes=5))
    assert heartbeats.forget_the_dead() == 0  # it is still missed
    assert checks.workers().status == "error"
    heartbeats.end("worker", "two")
    assert checks.workers() == ok(count=0)


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(-60, "ok"), (10, "ok"), (61, "warning"), (601, "error")])
def test_jobs_that_nobody_does(seconds, status):
    Job.objects.create(task="x", run_after=timezone.now() - timedelta(seconds=seconds))
    found = checks.jobs_are_done()
    assert (found.status, found.facts["due"]) == (status, int(seconds > 0))


@pytest.mark.django_db
@pytest.mark.parametrize(("hours", "count", "status"), [(0.5, 3, "warning"), (0.5, 2, "ok"), (2, 9, "ok")])
def test_jobs_that_were_given_up(hours, count, status):
    """One that fails for a reason of its own wakes nobody at night."""
    finished = timezone.now() - timedelta(hours=hours)
    Job.objects.bulk_create(Job(task="x", state="dead", finished_at=finished) for _ in range(count))
    found = checks.jobs_are_done()
    assert (found.status, found.facts["given_up"]) == (status, count)


def waiting(**fields) -> Delivery:
    return Delivery.objects.create(thing="x", transport="push", target="1", **fields)


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status"), [(-60, "ok"), (10, "ok"), (61, "warning"), (601, "error")])
def test_what_nobody_sends(seconds, status):
    waiting(next_try_at=timezone.now() - timedelta(seconds=seconds))
    assert checks.what_goes_out_goes().status == status


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("configured", "attempts", "minutes", "status"),
    [(True, 3, 10, "warning"), (True, 1, 10, "ok"), (True, 3, 1, "ok"), (False, 3, 10, "ok")],
)
def test_pushes_that_fail(settings, configured, attempts, minutes, status):
    settings.FCM_CREDENTIALS = {"project_id": "x"} if configured else None
    waiting(state="failed", attempts=attempts, created_at=timezone.now() - timedelta(minutes=minutes))
    found = CHECKS["notifications"].look()
    assert (found.status, found.facts["enabled"]) == (status, configured)


@pytest.mark.django_db
def test_checks_of_the_database_cost_a_few_queries_whatever_there_is(django_assert_max_num_queries):
    Job.objects.bulk_create(Job(task="x") for _ in range(50))
    Delivery.objects.bulk_create(Delivery(thing=str(n), transport=f"t{n % 5}", target="1") for n in range(50))
    for name in ("sessions", "bot", "workers", "jobs", "outgoing", "notifications"):
        with django_assert_max_num_queries(3):
            CHECKS[name].look()


# --- as a page of Django's -----------------------------------------------------
@pytest.mark.django_db
def test_the_page_of_django_says_the_same(anonymous, settings):
    settings.ENVIRONMENT = "production"
    answer = anonymous.get("/api/health")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer.json().keys() == {"status", "timestamp", "service", "version", "environment"}
    assert (answer.json()["service"], answer.json()["environment"]) == ("HazeBot API", "production")


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["detailed=", "detailed=maybe", "detailed=1", "detailed=true&detailed=0.5"])
def test_details_are_asked_for_with_yes_or_no(anonymous, query):
    answer = anonymous.get(f"/api/health?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["fields"].keys() == {"detailed"}
    assert anonymous.get("/api/health?detailed=false&other=x").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["detailed=true", "detailed=True"])
def test_details_are_asked_for_in_several_ways(anonymous, query):
    answer = anonymous.get(f"/api/health?{query}")
    assert set(answer.json()["checks"]) == NAMES
    assert (answer.status_code == 200) == (answer.json()["status"] == "ok")
