"""Leasing jobs and settling them. Every write that settles one names the lease it was made under."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hazesite.alerts import alert_staff, desk_page
from hazesite.housekeeping import chore
from hazesite.jobs.models import Job

LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)
MAX_PAUSE_SECONDS = 3600.0
KEEP_DONE, KEEP_DEAD = timedelta(days=3), timedelta(days=90)


def lease(worker: str, queues: Collection[str], most: int) -> list[Job]:
    """Take up to `most` due jobs. A look that finds none takes no lock, on SQLite either."""
    if not Job.objects.due(queues).exists():
        return []
    with transaction.atomic():
        rows = Job.objects.due(queues)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        return [job for job in rows[:most] if _take(job, worker)]


def _take(job: Job, worker: str) -> bool:
    if job.attempts >= job.max_attempts:
        # Its last worker vanished in the middle, and so did all before.
        _bury(job, job.error or "The worker vanished in the middle of it.")
        return False
    now = timezone.now()
    job.state, job.worker, job.started_at, job.lease_until = Job.State.RUNNING, worker, now, now + LEASE
    job.attempts += 1
    job.fence += 1
    job.save(update_fields=["state", "worker", "started_at", "lease_until", "attempts", "fence"])
    return True


def _bury(job: Job, error: str) -> None:
    job.state, job.error, job.finished_at, job.lease_until = Job.State.DEAD, error, timezone.now(), None
    job.save(update_fields=["state", "error", "finished_at", "lease_until"])
    _tell_given_up(job)


def _tell_given_up(job: Job) -> None:
    """Once a day for each task. Why it failed stands at the desk: it may hold what is no mail's business."""
    page = f"{desk_page('hazesite_job_changelist')}?state__exact={Job.State.DEAD}"
    text = _("It failed %(count)d times and is not tried again by itself. Why, and how to: %(page)s")
    said = text % {"count": job.attempts, "page": page}
    alert_staff(_("A job was given up: %s") % job.task, said, f"job-{job.task}-{timezone.now():%Y-%m-%d}")


def renew(job: Job) -> bool:
    """False: the lease is lost, another worker may have it."""
    return bool(_mine(job).update(lease_until=timezone.now() + LEASE))


def complete(job: Job, result: Any) -> bool:
    """False: the lease was lost meanwhile, and this completion does not count."""
    done = {"state": Job.State.DONE, "result": result, "finished_at": timezone.now(), "error": ""}
    return bool(_mine(job).update(**done, lease_until=None))


@transaction.atomic
def fail(job: Job, error: str) -> bool:
    """Try again later, or give up after the last attempt. False: the lease was lost meanwhile."""
    is_last = job.attempts >= job.max_attempts
    if is_last:
        settled = {"state": Job.State.DEAD, "finished_at": timezone.now()}
    else:
        settled = {"state": Job.State.READY, "run_after": timezone.now() + pause_before(job)}
    if not _mine(job).update(**settled, error=error, lease_until=None):
        return False
    if is_last:
        _tell_given_up(job)
    return True


def give_back(job: Job) -> bool:
    """This worker stops before the job ended: another takes it at once, and the attempt does not count."""
    ready = {"state": Job.State.READY, "run_after": timezone.now(), "lease_until": None}
    return bool(_mine(job).update(**ready, attempts=F("attempts") - 1))


def pause_before(job: Job) -> timedelta:
    """Doubles with each attempt, partly by chance: what failed together does not return together."""
    longest = min(job.backoff * 2 ** (job.attempts - 1), MAX_PAUSE_SECONDS)
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, fence=job.fence)


def run_again(job: Job) -> bool:
    """Give a job that was given up all its attempts anew."""
    again = {"state": Job.State.READY, "attempts": 0, "run_after": timezone.now(), "finished_at": None}
    return bool(Job.objects.filter(pk=job.pk, state=Job.State.DEAD).update(**again))


@dataclass(frozen=True)
class Standing:
    """How the jobs stand. `oldest_seconds`: how long what is due has been due, at most; 0 when nothing is."""

    waiting: int
    due: int
    running: int
    dead: int
    died_lately: int
    """Within the last hour."""
    oldest_seconds: float


def standing() -> Standing:
    """Three queries, each on what is not done."""
    now = timezone.now()
    due = Q(run_after__lte=now)
    ready = Job.objects.filter(state=Job.State.READY).aggregate(
        waiting=Count("pk"), due=Count("pk", filter=due), first=Min("run_after", filter=due)
    )
    dead = Job.objects.filter(state=Job.State.DEAD).aggregate(
        all=Count("pk"), lately=Count("pk", filter=Q(finished_at__gt=now - timedelta(hours=1)))
    )
    running = Job.objects.filter(state=Job.State.RUNNING).count()
    oldest = (now - ready["first"]).total_seconds() if ready["first"] else 0.0
    return Standing(ready["waiting"], ready["due"], running, dead["all"], dead["lately"], max(0.0, oldest))


@chore
def forget_old_jobs() -> int:
    now = timezone.now()
    done, _rows = Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - KEEP_DONE).delete()
    dead, _rows = Job.objects.filter(state=Job.State.DEAD, finished_at__lt=now - KEEP_DEAD).delete()
    return done + dead
