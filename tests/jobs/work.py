"""Jobs of the tests. They leave a line in a file, which outlives whatever is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django_tasks import task

from hazesite.jobs.models import Job


def trace(folder: str, line: str) -> None:
    with Path(folder, "trace").open("a") as file:
        file.write(f"{line}\n")


@task
def leave_a_line(folder: str, line: str) -> str:
    trace(folder, line)
    return line


@task(max_attempts=3, backoff=0.1)
def fail_until(folder: str, attempt: int) -> None:
    trace(folder, "try")
    if Path(folder, "trace").read_text().count("try") < attempt:
        raise ValueError("not yet")


@task(max_attempts=3)
def take_long(folder: str, seconds: float) -> None:
    trace(folder, f"begin {os.getpid()}")
    time.sleep(seconds)
    trace(folder, f"end {os.getpid()}")


@task
def return_no_json(folder: str) -> object:
    trace(folder, "done")
    return object()


@task(takes_context=True, priority=5)
def name_oneself(context, folder: str) -> None:
    trace(folder, str(Job.objects.get(pk=context.task_result.id).attempts))
