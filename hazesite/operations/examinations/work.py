"""Whether what is to be done later is done, and what went wrong lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from hazesite.error_reports.models import ErrorReport
from hazesite.heartbeats import services as heartbeats
from hazesite.jobs.models import Job
from hazesite.operations.doctor import Finding, doubtful, examination, ill, well
from hazesite.outgoing import services as outgoing

LATE = timedelta(minutes=2)
LATE_SENDING_SECONDS = 600
DAY = timedelta(days=1)
START = "Start serve, or manage.py worker (the service of the worker), and read its log."


@examination("workers")
def workers() -> Iterator[Finding]:
    """By what a worker leaves behind, then by its own word."""
    waiting = Job.objects.due(settings.TASKS["default"]["QUEUES"]).order_by()
    first = waiting.aggregate(first=Min("run_after"))["first"]
    if first is not None and timezone.now() - first > LATE:
        late = (timezone.now() - first).total_seconds() / 60
        yield ill("jobs", f"the oldest waits for {late:.0f} min", START)
    else:
        yield well("jobs", "none waits for long")
    dead = Job.objects.filter(state=Job.State.DEAD).count()
    if dead:
        yield doubtful(
            "jobs given up", str(dead), "Read their errors in the admin, under Jobs; run them again."
        )
    yield from _heartbeats()


def _heartbeats() -> Iterator[Finding]:
    seen = heartbeats.seen("worker")
    if seen.lost_seconds is not None:
        yield ill("workers", f"the last one was lost {seen.lost_seconds / 60:.0f} min ago", START)
    elif not seen.alive:
        yield doubtful("workers", "none runs", START)
    else:
        yield well("workers", f"{seen.alive} alive")


@examination("sending")
def sending() -> Iterator[Finding]:
    oldest = max((line.oldest_seconds for line in outgoing.backlog().values()), default=0.0)
    if oldest > LATE_SENDING_SECONDS:
        message = f"the oldest delivery waits for {oldest / 60:.0f} min"
        yield doubtful(
            "sending", message, "Look at Deliveries in the admin: its target fails, or no worker runs."
        )
    else:
        yield well("sending", "no delivery waits for long")


@examination("errors")
def errors() -> Iterator[Finding]:
    lately = ErrorReport.objects.filter(
        state=ErrorReport.State.NEW, last_seen_at__gt=timezone.now() - DAY
    ).count()
    if lately:
        yield doubtful(
            "errors", f"{lately} unforeseen ones within a day", "Read them in the admin: Error reports."
        )
    else:
        yield well("errors", "no unforeseen one within a day")
