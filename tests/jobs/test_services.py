from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.exceptions import TaskResultDoesNotExist

from hazesite.jobs import periodic, services
from hazesite.jobs.models import Job, PeriodicSlot
from hazesite.jobs.tasks import housekeeping
from tests.jobs.work import fail_until, leave_a_line, name_oneself

pytestmark = pytest.mark.django_db
QUEUES = ["default"]


def leased() -> Job:
    return services.lease("w", QUEUES, 1)[0]


def test_a_job_exists_if_its_cause_was_committed():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        leave_a_line.enqueue("/tmp", "x")
        raise ZeroDivisionError
    assert not Job.objects.exists()


def test_what_was_enqueued_can_be_asked_about():
    result = leave_a_line.enqueue("/tmp", line="x")
    assert result.status == TaskResultStatus.READY
    services.complete(leased(), "x")
    result.refresh()
    assert (result.status, result.return_value, result.kwargs) == (
        TaskResultStatus.SUCCESSFUL,
        "x",
        {"line": "x"},
    )
    with pytest.raises(TaskResultDoesNotExist):
        leave_a_line.get_result("no-such-id")


def test_urgent_ones_first_and_later_ones_later():
    leave_a_line.enqueue("/tmp", "ordinary")
    name_oneself.enqueue("/tmp")
    leave_a_line.using(run_after=timezone.now() + timedelta(hours=1)).enqueue("/tmp", "later")
    order = [job.task.rpartition(".")[2] for job in services.lease("w", QUEUES, 9)]
    assert order == ["name_oneself", "leave_a_line"]


def test_a_leased_job_is_nobody_elses_until_its_lease_ends():
    leave_a_line.enqueue("/tmp", "x")
    first = leased()
    assert services.lease("other", QUEUES, 1) == []
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = leased()
    assert (second.pk, second.attempts) == (first.pk, 2)


def test_who_lost_the_lease_settles_nothing():
    leave_a_line.enqueue("/tmp", "x")
    frozen = leased()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    current = leased()

    assert not services.renew(frozen)
    assert not services.complete(frozen, "late")
    assert not services.fail(frozen, "late")
    assert not services.give_back(frozen)
    assert services.complete(current, "in time")
    assert Job.objects.get().result == "in time"


def test_failures_come_back_later_and_later_and_then_lie_in_the_dead_letter():
    fail_until.enqueue("/tmp", 9)
    pauses = []
    for _ in range(3):
        job, before = leased(), timezone.now()
        services.fail(job, "no")
        after = Job.objects.get()
        pauses.append((after.run_after - before).total_seconds())
        Job.objects.update(run_after=timezone.now())
    # Half of the longest at least; what the machine took on top does not count.
    assert pauses[0] >= 0.05
    assert pauses[1] >= 0.1
    assert (after.state, after.error) == (Job.State.DEAD, "no")
    assert services.lease("w", QUEUES, 1) == []


def test_a_job_that_kills_its_workers_is_given_up():
    fail_until.enqueue("/tmp", 9)
    for _ in range(3):
        leased()
        Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.lease("w", QUEUES, 1) == []
    assert Job.objects.get().state == Job.State.DEAD


def test_what_was_given_up_can_be_run_again():
    fail_until.enqueue("/tmp", 9)
    Job.objects.update(state=Job.State.DEAD, attempts=3)
    assert services.run_again(Job.objects.get())
    assert leased().attempts == 1


def test_given_back_is_not_an_attempt():
    fail_until.enqueue("/tmp", 9)
    services.give_back(leased())
    assert leased().attempts == 1


def test_looking_at_nothing_takes_no_lock(django_assert_num_queries):
    with django_assert_num_queries(1):
        services.lease("w", QUEUES, 1)


def test_a_slot_is_enqueued_once_and_missed_ones_are_made_up_for_once():
    periodic.enqueue_due()
    assert periodic.enqueue_due() == 0
    assert Job.objects.filter(task=housekeeping.module_path).count() == 1

    slot = PeriodicSlot.objects.get(name=housekeeping.module_path)
    grid = slot.next_at
    PeriodicSlot.objects.filter(name=slot.name).update(next_at=grid - timedelta(hours=5))
    assert periodic.enqueue_due() == 1
    slot.refresh_from_db()
    assert slot.next_at > timezone.now()
    assert (slot.next_at - grid) % timedelta(hours=1) == timedelta()


def test_old_jobs_are_forgotten():
    now = timezone.now()
    for state, age in ((Job.State.DONE, 4), (Job.State.DONE, 2), (Job.State.DEAD, 4)):
        Job.objects.create(task="x", state=state, finished_at=now - timedelta(days=age))
    assert services.forget_old_jobs() == 1


def test_staff_hear_once_a_day_that_jobs_are_given_up(told_staff):
    for number in range(2):
        fail_until.enqueue("/tmp", f"x{number}", 9)
        Job.objects.update(max_attempts=1)
        services.fail(leased(), "it holds what is no mail's business")
    leave_a_line.enqueue("/tmp", "x")
    Job.objects.filter(state="ready").update(state="running", attempts=9, max_attempts=9)
    Job.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.lease("w", QUEUES, 1) == []
    subjects, texts, keys = zip(*told_staff, strict=True)
    assert subjects == (
        *["A job was given up: tests.jobs.work.fail_until"] * 2,
        "A job was given up: tests.jobs.work.leave_a_line",
    )
    assert len(set(keys)) == 2 and all("/admin/hazesite/job/?state__exact=dead" in text for text in texts)
    assert not any("business" in text for text in texts)


def test_of_a_job_that_will_be_tried_again_nobody_hears(told_staff):
    fail_until.enqueue("/tmp", "x", 9)
    services.fail(leased(), "once")
    assert told_staff == []
