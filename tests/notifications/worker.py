"""What a worker does, by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hazesite.jobs.models import Job
from notifications.jobs import take_back_deleted, take_back_read, tell_waiting

TASKS = {
    "notifications.jobs.tell_waiting": tell_waiting,
    "notifications.jobs.take_back_read": take_back_read,
    "notifications.jobs.take_back_deleted": take_back_deleted,
}


def do_jobs() -> int:
    """What a worker would do now; in the order of their making."""
    waiting = [
        job for job in Job.objects.filter(state=Job.State.READY).order_by("created_at") if job.task in TASKS
    ]
    for job in waiting:
        TASKS[job.task].call(*job.args)
        job.delete()
    return len(waiting)


def wait(until: Callable[[], Any], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
