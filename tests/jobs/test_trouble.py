"""A database that is away for a moment ends no worker, whatever the driver calls the trouble."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import InterfaceError, OperationalError

from hazesite.jobs import services
from hazesite.jobs.models import Job
from hazesite.jobs.worker import Worker
from tests.jobs.work import leave_a_line

pytestmark = pytest.mark.django_db(transaction=True)
TROUBLES = [OperationalError, InterfaceError]


def away_at_first(monkeypatch, name, *troubles):
    """The service `name` meets these before it works again; gives what is left of them."""
    work, left = getattr(services, name), list(troubles)

    def service(*arguments):
        if left:
            raise left.pop()
        return work(*arguments)

    monkeypatch.setattr(services, name, service)
    return left


def wait(until, seconds=10):
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def work():
    """A worker in a thread, as `manage.py worker` runs it."""
    worker = Worker(["default"], 1)
    thread = threading.Thread(target=worker.run)
    yield lambda: thread.start()
    worker.stop()
    thread.join(15)
    assert not thread.is_alive()


def state():
    return Job.objects.get(task=leave_a_line.module_path).state


@pytest.mark.parametrize("trouble", TROUBLES)
def test_looking_for_jobs_goes_on(work, monkeypatch, tmp_path, trouble):
    leave_a_line.enqueue(str(tmp_path), "x")
    left = away_at_first(monkeypatch, "lease", trouble("away"))
    work()
    wait(lambda: state() == Job.State.DONE)
    assert not left


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_job_that_could_not_be_settled_is_done_again(work, monkeypatch, tmp_path, trouble):
    leave_a_line.enqueue(str(tmp_path), "x")
    away_at_first(monkeypatch, "complete", trouble("away"))
    away_at_first(monkeypatch, "fail", trouble("away"))
    work()
    wait(lambda: state() == Job.State.RUNNING)
    Job.objects.filter(state=Job.State.RUNNING).update(lease_until="2020-01-01T00:00:00Z")
    wait(lambda: state() == Job.State.DONE)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_leases_are_renewed_again(monkeypatch, tmp_path, trouble):
    """The thread that renews them must not end with the first trouble: it is never started again."""
    monkeypatch.setattr(services, "LEASE", services.LEASE / services.LEASE.total_seconds() * 0.3)
    leave_a_line.enqueue(str(tmp_path), "x")
    worker = Worker(["default"], 1)
    [job] = services.lease(worker.name, worker.queues, 1)
    worker._running[object()] = job
    before = job.lease_until
    left = away_at_first(monkeypatch, "renew", trouble("away"))
    threading.Thread(target=worker._keep_leases, daemon=True).start()
    wait(lambda: not left and Job.objects.get(pk=job.pk).lease_until > before)
    worker._running.clear()
