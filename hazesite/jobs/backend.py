"""The Tasks API's backend: `@task(...)` functions become rows in `Job`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks.backends.base import BaseTaskBackend
from django_tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist

from hazesite.jobs.models import Job

STATUS = {
    Job.State.READY: TaskResultStatus.READY,
    Job.State.RUNNING: TaskResultStatus.RUNNING,
    Job.State.DONE: TaskResultStatus.SUCCESSFUL,
    Job.State.DEAD: TaskResultStatus.FAILED,
}


@dataclass(frozen=True, kw_only=True)
class RetriedTask(Task[Any, Any]):
    """`@task(max_attempts=..., backoff=...)`: attempts in all, seconds before the second one (doubling)."""

    max_attempts: int = 5
    backoff: float = 2.0


class JobBackend(BaseTaskBackend):
    task_class = RetriedTask
    supports_defer = True
    supports_get_result = True
    supports_priority = True

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> TaskResult[Any]:
        """Inserts the row in the transaction at hand: committed and rolled back with its cause."""
        job = Job.objects.create(
            task=task.module_path,
            args=list(args),
            kwargs=dict(kwargs),
            queue=task.queue_name,
            priority=task.priority,
            run_after=task.run_after or timezone.now(),
            max_attempts=task.max_attempts,
            backoff=task.backoff,
        )
        return result_of(job, self.alias)

    def get_result(self, result_id: str) -> TaskResult[Any]:
        try:
            job = Job.objects.get(pk=UUID(str(result_id)))
        except (Job.DoesNotExist, ValueError, ValidationError) as error:
            raise TaskResultDoesNotExist(result_id) from error
        return result_of(job, self.alias)


def task_of(job: Job) -> RetriedTask:
    """The task behind a row. `ImportError` when the code that wanted it is gone."""
    task: RetriedTask = import_string(job.task)
    return task


def result_of(job: Job, backend: str = "default") -> TaskResult[Any]:
    result: TaskResult[Any] = TaskResult(
        task=task_of(job),
        id=str(job.pk),
        status=STATUS[Job.State(job.state)],
        enqueued_at=job.created_at,
        started_at=job.started_at,
        last_attempted_at=job.started_at,
        finished_at=job.finished_at,
        args=job.args,
        kwargs=job.kwargs,
        backend=backend,
        errors=[TaskError(exception_class_path="builtins.Exception", traceback=job.error)]
        if job.error
        else [],
        worker_ids=[job.worker] if job.worker else [],
    )
    object.__setattr__(result, "_return_value", job.result)
    return result
