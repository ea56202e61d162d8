"""Counts of several processes are one figure; what died says nothing of how things are; failing ones lack."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from prometheus_client.parser import text_string_to_metric_families

from hazesite import query_counts
from hazesite.metrics import folder, page, registry, requests
from hazesite.metrics.counters import OURS, Reasons
from tickets import services

ROOT = Path(__file__).resolve().parents[2]


def figures(text: bytes) -> dict[tuple[str, ...], float]:
    """By name and the labels' values."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for found in text_string_to_metric_families(text.decode())
        for sample in found.samples
    }


@pytest.mark.django_db(transaction=True)
async def test_the_page_is_what_prometheus_reads():
    requests.note("GET", "api/ping", 200, 0.02)
    found = figures(await page.text())
    assert found["hazebot_source_up", "jobs"] == found["hazebot_source_up", "bot"] == 1
    assert found["hazebot_http_requests_total", "GET", "api/ping", "200"] >= 1
    assert found["hazebot_jobs_oldest_due_seconds",] == 0
    assert found["hazebot_bot_connected",] == 0
    assert found["process_resident_memory_bytes",] > 0
    assert found["hazebot_database_queries_total", "ok"] > 0


async def test_a_source_that_fails_or_hangs_is_left_out(monkeypatch):
    monkeypatch.setattr(registry, "SOURCES", {})
    monkeypatch.setattr(page, "SOURCES", registry.SOURCES)
    registry.source("good")(lambda: [registry.single("hazebot_good", "x", 3)])

    @registry.source("bad")
    def fails():
        raise DatabaseError("away")

    registry.source("stuck")(lambda: time.sleep(2) or [])
    started = time.monotonic()
    found = figures(await page.text())
    assert time.monotonic() - started < 1.8
    assert found["hazebot_good",] == 3
    assert [found["hazebot_source_up", name] for name in ("good", "bad", "stuck")] == [1, 0, 0]


def test_methods_and_reasons_make_no_endless_labels():
    requests.note("BREW", "other", 501, 0.1)
    assert OURS.get_sample_value(
        "hazebot_http_requests_total", {"method": "other", "route": "other", "status": "501"}
    )
    reasons = Reasons()
    assert reasons.label("ReadTimeout: to 10.0.0.1 after 3 s") == "ReadTimeout"
    assert {reasons.label(f"Thing {chr(97 + n % 26)}{n // 26} failed") for n in range(500)} >= {"other"}
    assert len({reasons.label(f"Sentence {n}x") for n in range(500)}) == 1


def test_messages_are_counted_when_they_are_committed(
    ticket, alice, moira, django_capture_on_commit_callbacks
):
    def posted(kind: str) -> float:
        return OURS.get_sample_value("hazebot_messages_posted_total", {"kind": kind}) or 0

    before = posted("message"), posted("note")
    with django_capture_on_commit_callbacks(execute=True):
        services.post_message(ticket.public_id, alice, "Hello")
        services.add_note(ticket.public_id, moira, "Among us")
    assert (posted("message"), posted("note")) == (before[0] + 1, before[1] + 1)


# --- the database's counts ---------------------------------------------------
@pytest.mark.django_db
def test_queries_and_failures_are_counted():
    before = query_counts.figures()
    with connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute("SELECT 1")
        if connection.vendor == "sqlite":
            with pytest.raises(DatabaseError):
                cursor.execute("SELECT nothing FROM nowhere")
    after = query_counts.figures()
    failed = int(connection.vendor == "sqlite")
    assert after.total_queries - before.total_queries == 10 + failed
    assert after.failed_queries - before.failed_queries == failed
    assert 0 < after.success_rate <= 100


@pytest.mark.django_db(transaction=True)
def test_connections_are_counted_when_they_open_and_close():
    connection.close()
    before = query_counts.figures()
    for _ in range(3):
        connection.ensure_connection()
        connection.close()
    after = query_counts.figures()
    assert after.connections_created - before.connections_created == 3
    assert after.connections_closed - before.connections_closed == 3
    assert connection.execute_wrappers.count(query_counts._count) == 1


def test_counting_loses_nothing_among_threads():
    from concurrent.futures import ThreadPoolExecutor

    tally = query_counts.Tally()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(8):
            pool.submit(lambda: [tally.add() for _ in range(20_000)])
        while tally.value < 160_000:
            time.sleep(0.001)
    assert tally.value == 160_000


# --- several processes -------------------------------------------------------
COUNTING = """
import os, sys
from pathlib import Path
from hazesite.metrics import folder
where = Path(sys.argv[1])
name = folder.join(where, "web")
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(where)
from prometheus_client import values
values.ValueClass = values.MultiProcessValue(lambda: name)
from prometheus_client import Counter, Gauge
Counter("said", "x").inc(5)
Gauge("open", "x", multiprocess_mode="livesum").set(3)
print(name, flush=True)
sys.stdin.read()
"""


def counting(where: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COUNTING, str(where)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True)
    process.name = process.stdout.readline().strip()
    assert process.name
    return process


def together(where: Path) -> dict[tuple[str, ...], float]:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    found = CollectorRegistry()
    MultiProcessCollector(found, str(where))
    return figures(generate_latest(found))


def test_counts_of_all_are_one_and_the_dead_hold_no_sockets(tmp_path):
    first, second = counting(tmp_path), counting(tmp_path)
    try:
        assert {one.name for one in folder.living(tmp_path)} == {first.name, second.name}
        assert together(tmp_path) == {("said_total",): 10, ("open",): 6}
        first.kill()
        first.wait()
        assert [one.name for one in folder.living(tmp_path)] == [second.name]
        assert together(tmp_path) == {("said_total",): 10, ("open",): 3}
        assert (tmp_path / f"counter_{first.name}.db").stat().st_size < 2000
        folder.prune(tmp_path, keep=0)
        assert together(tmp_path) == {("said_total",): 5, ("open",): 3}
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def test_only_so_many_dead_are_remembered(tmp_path):
    for number in range(5):
        (tmp_path / f"counter_web-{number}-x.db").write_bytes(b"\0" * 16)
    folder.prune(tmp_path, keep=2)
    assert len(list(tmp_path.glob("*.db"))) == 2


def test_without_room_it_counts_for_itself(tmp_path):
    (tmp_path / "metrics").write_text("no folder")
    assert folder.join(tmp_path / "metrics", "web") is None


def test_only_those_that_live_long_count_in_files():
    said = [folder.kind_of(["manage.py", name]) for name in ("web", "worker", "runbot", "migrate")]
    assert said == ["web", "worker", "bot", None]
    assert folder.kind_of(["manage.py"]) is None
