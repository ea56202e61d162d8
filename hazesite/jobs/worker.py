"""The loop of `manage.py worker`."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
import traceback
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import structlog
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django_tasks.base import TaskContext
from django_tasks.utils import normalize_json

from hazesite.heartbeats import services as heartbeats
from hazesite.jobs import periodic, services
from hazesite.jobs.backend import result_of, task_of
from hazesite.jobs.models import Job
from hazesite.metrics.counters import counter

logger = structlog.get_logger(__name__)
_finished = counter("hazebot_job_attempts", "Attempts at jobs.", ("task", "outcome"))
KIND = "worker"
POLL_SECONDS, PERIODIC_SECONDS = 0.25, 1.0
GIVE_BACK_AFTER_SECONDS = 9.0


class Worker:
    """Runs due jobs in `threads` threads until `stop`; then finishes what it has, or gives it back."""

    def __init__(self, queues: Collection[str], threads: int) -> None:
        self.queues, self.threads = queues, threads
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.stopping = threading.Event()
        self._running: dict[Future[None], Job] = {}
        self._looked_at_periodic = self._said_alive = -math.inf

    def stop(self) -> None:
        self.stopping.set()

    def run(self) -> None:
        threading.Thread(target=self._keep_leases, daemon=True, name="leases").start()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="job") as pool:
            while not self.stopping.is_set():
                self._round(pool)
            self._say_goodbye()
            self._drain()

    def _round(self, pool: ThreadPoolExecutor) -> None:
        try:
            close_old_connections()
            self._say_alive()
            if time.monotonic() - self._looked_at_periodic >= PERIODIC_SECONDS:
                self._looked_at_periodic = time.monotonic()
                periodic.enqueue_due()
            free = self.threads - len(self._running)
            for job in services.lease(self.name, self.queues, free) if free else []:
                self._running[pool.submit(self._perform, job)] = job
        except DatabaseTrouble as error:
            logger.warning("worker_cannot_look", error=repr(error))
            self.stopping.wait(1)
        self._collect(POLL_SECONDS)

    def _say_alive(self) -> None:
        if time.monotonic() - self._said_alive >= heartbeats.EVERY_SECONDS:
            self._said_alive = time.monotonic()
            heartbeats.beat(KIND, self.name)

    def _say_goodbye(self) -> None:
        try:
            heartbeats.end(KIND, self.name)
        except DatabaseTrouble as error:
            logger.warning("worker_left_without_a_word", error=repr(error))

    def _collect(self, seconds: float) -> None:
        if not self._running:
            self.stopping.wait(seconds)
            return
        done, _pending = wait(self._running, seconds, FIRST_COMPLETED)
        for future in done:
            del self._running[future]

    def _perform(self, job: Job) -> None:
        try:
            close_old_connections()
            if not services.complete(job, _storable(self._call(job), job)):
                logger.warning("job_lost_its_lease", job=str(job.pk), task=job.task)
            _finished.labels(job.task, "done").inc()
        except Exception as error:
            _finished.labels(job.task, "failed").inc()
            logger.warning("job_failed", job=str(job.pk), task=job.task, attempt=job.attempts, exc_info=error)
            self._settle_failure(job, traceback.format_exc())
        finally:
            close_old_connections()

    def _call(self, job: Job) -> Any:
        task = task_of(job)
        context = [TaskContext(task_result=result_of(job))] if task.takes_context else []
        return task.call(*context, *job.args, **job.kwargs)

    def _settle_failure(self, job: Job, error: str) -> None:
        try:
            services.fail(job, error[-4000:])
        except DatabaseTrouble as trouble:  # its lease will end, and another attempt be made
            logger.warning("job_not_settled", job=str(job.pk), error=repr(trouble))

    def _keep_leases(self) -> None:
        while True:
            time.sleep(services.LEASE.total_seconds() / 3)
            for job in list(self._running.values()):
                try:
                    services.renew(job)
                except DatabaseTrouble as error:
                    logger.warning("lease_not_renewed", job=str(job.pk), error=repr(error))
            close_old_connections()

    def _drain(self) -> None:
        _done, left = wait(self._running, GIVE_BACK_AFTER_SECONDS)
        if left:
            for future in left:
                self._give_back(self._running[future])
            logger.warning("worker_gave_back", jobs=len(left))
            os._exit(0)  # their threads cannot be ended in another way

    def _give_back(self, job: Job) -> None:
        try:
            services.give_back(job)
        except DatabaseTrouble as error:  # its lease will end
            logger.warning("job_not_given_back", job=str(job.pk), error=repr(error))


def _storable(result: Any, job: Job) -> Any:
    """A result that is no JSON is not worth doing the work again."""
    try:
        return normalize_json(result)
    except (TypeError, ValueError):
        logger.warning("job_result_not_stored", job=str(job.pk), task=job.task)
        return None
