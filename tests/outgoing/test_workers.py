"""The ledger's contract with real workers: killed, frozen, racing, stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from tests.installation import LEASE, Place
from tests.outgoing.post import PatientPost
from tests.outgoing.receiver import Receiver, receiving

pytestmark = [pytest.mark.server, pytest.mark.workers]
LEASE_ENDS = LEASE + PatientPost.deadline


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    more = {"DJANGO_SETTINGS_MODULE": "tests.outgoing.settings", "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}
    return Place(tmp_path_factory.mktemp("place"), **more)


@pytest.fixture
def place(installed: Place) -> Iterator[Place]:
    yield installed
    installed.end_workers()
    installed.manage("shell", "-v0", "-c", "from hazesite.models import *; Delivery.objects.all().delete()")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def queue(place: Place, url: str, things: range, lane: str = "") -> None:
    program = f"""
from django.db import transaction
from hazesite.outgoing.services import queue
from hazesite.models import Delivery
same = dict(transport='post', payload={{'url': {url!r}}}, lane={lane!r})
with transaction.atomic():
    queue(Delivery(thing=str(n), target=str(n % 5), **same) for n in range({things.start}, {things.stop}))
"""
    place.manage("shell", "-v0", "-c", program)


def rows(place: Place) -> list[str]:
    program = (
        "from hazesite.models import Delivery; "
        "print(*[f'{d.thing}:{d.state}:{d.attempts}' for d in Delivery.objects.order_by('pk')])"
    )
    return place.manage("shell", "-v0", "-c", program).split()


def test_what_a_killed_drainer_was_sending_another_sends_again(place, receiver):
    queue(place, receiver.url("/hang"), range(1))
    first = place.worker()
    receiver.wait(lambda: receiver.got, 20)
    first.kill()
    killed_at = time.monotonic()
    receiver.let_go.set()
    place.worker()
    receiver.wait(lambda: len(receiver.got) == 2, 20)
    assert receiver.got[1].at - killed_at > LEASE_ENDS - 2
    receiver.wait(lambda: rows(place) == ["0:sent:2"], 20)


def test_a_frozen_drainer_that_comes_back_settles_nothing(place, receiver):
    queue(place, receiver.url("/hang"), range(1))
    frozen = place.worker()
    receiver.wait(lambda: receiver.got, 20)
    frozen.send_signal(signal.SIGSTOP)
    receiver.let_go.set()
    place.worker()
    receiver.wait(lambda: rows(place) == ["0:sent:2"], 20)
    frozen.send_signal(signal.SIGCONT)
    log = place.data / "worker.out"
    receiver.wait(lambda: "delivery_lost_its_lease" in log.read_text(), 20)
    assert rows(place) == ["0:sent:2"]
    assert len(receiver.got) == 2


def test_racing_drainers_send_each_once(place, receiver):
    queue(place, receiver.url(), range(100))
    for _ in range(3):
        place.worker()
    receiver.wait(lambda: len(receiver.got) >= 100, 30)
    time.sleep(0.5)
    assert rows(place) == [f"{number}:sent:1" for number in range(100)]
    assert sorted(receiver.bodies, key=int) == [str(number) for number in range(100)]


def test_racing_drainers_keep_a_lane_in_order(place, receiver):
    queue(place, receiver.url(), range(40), lane="x")
    for _ in range(2):
        place.worker()
    receiver.wait(lambda: len(receiver.got) >= 40, 30)
    assert receiver.bodies == [str(number) for number in range(40)]


def test_a_stopped_worker_settles_what_it_sends(place, receiver):
    queue(place, receiver.url("/hang"), range(1))
    worker = place.worker()
    receiver.wait(lambda: receiver.got, 20)
    worker.send_signal(signal.SIGTERM)
    receiver.let_go.set()
    assert worker.wait(12) == 0
    assert rows(place) == ["0:sent:1"]
