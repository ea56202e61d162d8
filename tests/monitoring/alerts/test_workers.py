"""Alerts and real workers: one is killed between sending and writing it down, several race."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.installation import Place
from tests.outgoing.receiver import Receiver, receiving

pytestmark = [pytest.mark.server, pytest.mark.workers]
OUTAGES = """
from django.db import transaction
from django.utils import timezone
from hazesite.events import publish
from monitoring.events import WentDown
from monitoring.models import Incident, Monitor, NotificationChannel
NotificationChannel.objects.all().delete()
NotificationChannel.objects.create(
    name='ops', type='slack', config={'webhook_url': %r}, default=True, **%r)
now = timezone.now()
for number in range(%d):
    monitor = Monitor.objects.create(name=f'web {number}', type='http', severity='critical')
    with transaction.atomic():
        incident = Incident.objects.create(monitor=monitor, severity='critical', started_at=now)
        publish(WentDown(monitor.pk, incident.pk))
"""
STATES = (
    "from hazesite.models import Delivery; "
    "print(*[f'{d.state}:{d.attempts}' for d in Delivery.objects.filter(transport='monitor-slack')])"
)
TOLD = "from monitoring.models import Alert; print(*Alert.objects.values_list('event', flat=True))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"), OUTBOUND_ALLOWED_HOSTS="127.0.0.1")


@pytest.fixture
def place(installed: Place) -> Iterator[Place]:
    yield installed
    installed.end_workers()
    clear = "from hazesite.models import Delivery; Delivery.objects.all().delete()"
    installed.manage("shell", "-v0", "-c", clear)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def begin_outages(place: Place, url: str, count: int, **channel: int) -> None:
    place.manage("shell", "-v0", "-c", OUTAGES % (url, channel, count))


def shell(place: Place, program: str) -> list[str]:
    return place.manage("shell", "-v0", "-c", program).split()


def test_what_a_killed_worker_sent_and_did_not_note_is_sent_once_more_and_never_lost(place, receiver):
    begin_outages(place, receiver.url("/hang"), 1)
    first = place.worker()
    receiver.wait(lambda: receiver.got, 30)
    first.kill()
    receiver.let_go.set()
    place.worker()
    receiver.wait(lambda: shell(place, STATES) == ["sent:2"], 60)
    assert len(receiver.got) == 2
    assert receiver.got[0].body == receiver.got[1].body
    assert shell(place, TOLD) == ["down"]


def test_racing_workers_tell_each_outage_once(place, receiver):
    begin_outages(place, receiver.url(), 20)
    for _ in range(2):
        place.worker()
    receiver.wait(lambda: len(shell(place, TOLD)) == 20, 60)
    assert sorted(json.loads(body)["text"] for body in receiver.bodies) == sorted(
        f"web {number} is down" for number in range(20)
    )
    assert set(shell(place, STATES)) == {"sent:1"}


def test_racing_workers_tell_of_a_storm_in_few_messages_and_of_nothing_twice(place, receiver):
    begin_outages(place, receiver.url(), 30, storm_alerts=2, storm_seconds=5)
    for _ in range(2):
        place.worker()
    receiver.wait(lambda: len(shell(place, TOLD)) == 30, 60)
    assert len(receiver.got) <= 4
    said = "\n".join(receiver.bodies)
    assert [said.count(f"web {number} is down") for number in (7, 17, 29)].count(0) == 0
