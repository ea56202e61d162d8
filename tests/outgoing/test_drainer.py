"""Sending, with a real drainer and a real other side."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from hazesite.outgoing import drainer as drainers
from hazesite.outgoing import services
from hazesite.outgoing.models import Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("post")]
State = Delivery.State


def queued(thing: str, url: str, target: str = "1", **columns: object) -> None:
    more = columns.pop("payload", {})
    with transaction.atomic():
        row = Delivery(transport="post", thing=thing, target=target, payload={"url": url, **more}, **columns)
        services.queue([row])


def states() -> dict[str, str]:
    return dict(Delivery.objects.values_list("thing", "state"))


def test_what_is_committed_is_sent_within_a_moment(receiver, drain):
    drain()
    time.sleep(0.4)
    queued("a", receiver.url())
    committed = time.monotonic()
    receiver.wait(lambda: receiver.got)
    assert receiver.got[0].at - committed < 0.5
    receiver.wait(lambda: states() == {"a": "sent"})


def test_two_drainers_send_each_once(receiver, drain):
    for number in range(60):
        queued(str(number), receiver.url(), target=str(number % 7))
    drain(), drain()
    receiver.wait(lambda: len(receiver.got) >= 60)
    time.sleep(0.5)
    assert sorted(receiver.bodies, key=int) == [str(number) for number in range(60)]


def test_a_lane_arrives_in_order_through_failures(receiver, drain, monkeypatch):
    monkeypatch.setattr(services, "FIRST_PAUSE_SECONDS", 0.3)
    receiver.answers["/"] = [(500, {}), (200, {}), (503, {})]
    for number in range(6):
        queued(str(number), receiver.url(), lane="x")
    drain()
    receiver.wait(lambda: set(states().values()) == {"sent"})
    assert receiver.bodies == ["0", "0", "1", "1", "2", "3", "4", "5"]


def test_one_that_hangs_delays_nobody(receiver, drain, post, monkeypatch):
    monkeypatch.setattr(type(post), "deadline", 5.0)
    for number in range(20):
        queued(f"h{number}", receiver.url("/hang"), target="slow")
    for number in range(20):
        queued(f"a{number}", receiver.url("/ok"), target=f"quick {number % 3}")
    drain()
    receiver.wait(lambda: Delivery.objects.filter(state=State.SENT).count() == 20)
    assert len(receiver.at("/hang")) == 2
    assert not Delivery.objects.filter(state=State.FAILED).exists()  # not even the first of its deadlines


def test_whoever_does_not_answer_is_tried_again(receiver, drain):
    queued("a", receiver.url("/hang"))
    drain()
    receiver.wait(lambda: states() == {"a": "failed"})
    assert Delivery.objects.get().reason == "No answer within 1 seconds."


def test_retry_after_is_obeyed(receiver, drain, monkeypatch):
    monkeypatch.setattr(services, "FIRST_PAUSE_SECONDS", 0.1)
    receiver.answers["/"] = [(429, {"Retry-After": "1"})]
    queued("a", receiver.url())
    drain()
    receiver.wait(lambda: states() == {"a": "sent"})
    assert receiver.got[1].at - receiver.got[0].at >= 1


def test_past_its_time_it_is_given_up_with_its_last_reason(receiver, drain, monkeypatch):
    monkeypatch.setattr(services, "FIRST_PAUSE_SECONDS", 0.4)
    queued("a", receiver.url("/500"), expires_at=timezone.now() + timedelta(seconds=1))
    drain()
    receiver.wait(lambda: states() == {"a": "given_up"})
    row = Delivery.objects.get()
    assert row.reason == "Answered 500." and row.ended_at >= row.expires_at
    assert len(receiver.got) == row.attempts - 1  # the last look found it over


def test_it_is_asked_again_right_before_sending(receiver, drain):
    queued("a", receiver.url(), payload={"read": True})
    queued("b", receiver.url())
    drain()
    receiver.wait(lambda: states() == {"a": "retracted", "b": "sent"})
    assert receiver.bodies == ["b"]


def test_what_a_target_is_learnt_to_be_is_noted_with_the_outcome(receiver, drain, post, monkeypatch):
    learnt = []
    monkeypatch.setattr(post, "settled", learnt.extend)
    queued("a", receiver.url("/410"))
    drain()
    receiver.wait(lambda: states() == {"a": "given_up"})
    assert [(delivery.thing, outcome.reason) for delivery, outcome in learnt] == [("a", "Gone.")]


@pytest.mark.parametrize("part", ["check", "send", "settled"])
def test_a_broken_transport_breaks_nothing_else(receiver, drain, post, monkeypatch, part):
    def broken(*_arguments: object) -> object:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(post, part, broken)
    queued("a", receiver.url())
    drain()
    settled = {"a": "sent" if part == "settled" else "failed"}
    receiver.wait(lambda: states() == settled)
    monkeypatch.undo()


def test_an_address_within_is_refused_when_connecting(receiver, drain, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = []
    queued("a", receiver.url())
    drain()
    receiver.wait(lambda: states() == {"a": "failed"})
    assert not receiver.got
    assert Delivery.objects.get().reason.startswith("AddressRefused")


def test_a_stopped_drainer_ends_what_is_under_way_and_gives_back_the_rest(receiver, drain, monkeypatch, post):
    monkeypatch.setattr(drainers, "GIVE_BACK_AFTER_SECONDS", 0.5)
    monkeypatch.setattr(type(post), "deadline", 30.0)
    queued("a", receiver.url("/hang"))
    drainer = drain()
    receiver.wait(lambda: receiver.got)
    drainer.stop()
    receiver.wait(lambda: Delivery.objects.filter(attempts=0, drainer="", next_try_at__lte=timezone.now()))
    drain()
    receiver.wait(lambda: len(receiver.got) == 2)
    receiver.let_go.set()
    receiver.wait(lambda: states() == {"a": "sent"})


def test_answers_have_a_limit_and_no_cookies_are_kept(receiver, drain):
    receiver.answers["/"] = [(200, {"Set-Cookie": "a=b"}), (302, {"Location": "/elsewhere"})]
    queued("a", receiver.url(), lane="x")
    queued("b", receiver.url(), lane="x")
    drain()
    receiver.wait(lambda: states() == {"a": "sent", "b": "failed"})
    assert [got.path for got in receiver.got] == ["/", "/"]
    assert "cookie" not in receiver.got[1].headers


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
def test_a_drainer_goes_on_after_the_database_was_away(receiver, drain, monkeypatch, trouble):
    lease, troubles = services.lease, [trouble("away")]

    def away_at_first(*arguments: object) -> list[Delivery]:
        if troubles:
            raise troubles.pop()
        return lease(*arguments)

    monkeypatch.setattr(services, "lease", away_at_first)
    queued("a", receiver.url())
    drain()
    receiver.wait(lambda: states() == {"a": "sent"})


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
async def test_a_drainer_ends_though_the_database_is_away(monkeypatch, trouble):
    def away(_deliveries: object) -> None:
        raise trouble("away")

    monkeypatch.setattr(services, "give_back", away)
    drainer = drainers.Drainer()
    drainer.stop()
    async with asyncio.timeout(5):
        await drainer._main()


def test_many_targets_at_once_do_not_wait_for_each_other(receiver, drain, post, monkeypatch):
    monkeypatch.setattr(type(post), "deadline", 5.0)
    for number in range(30):
        queued(str(number), receiver.url("/hang"), target=str(number))
    drain()
    receiver.wait(lambda: len(receiver.got) == 30)
    assert set(states().values()) == {"queued"}
    receiver.let_go.set()
    receiver.wait(lambda: set(states().values()) == {"sent"})
