"""The rules of the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from hazesite.outgoing import services
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.room import Room
from hazesite.outgoing.transports import GiveUp, Retract, Retry, Sent, Wait

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("post")]
State = Delivery.State


def queued(thing: str, target: str = "1", **columns: object) -> None:
    with transaction.atomic():
        services.queue([Delivery(transport="post", thing=thing, target=target, **columns)])


def lease(at_once: int = 100) -> list[Delivery]:
    return services.lease("a drainer", Room(at_once))


def make_due() -> None:
    Delivery.objects.waiting().update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_what_is_rolled_back_is_not_sent():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.queue([Delivery(transport="post", thing="a", target="1")])
        raise ZeroDivisionError
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_delivery_needs_the_transaction_of_its_cause():
    with pytest.raises(RuntimeError):
        services.queue([Delivery(transport="post", thing="a", target="1")])


def test_a_thing_goes_to_a_target_once_whatever_became_of_it():
    for _ in range(2):
        queued("a")
        queued("a", "2")
    assert Delivery.objects.count() == 2
    services.settle([(delivery, Sent()) for delivery in lease()])
    queued("a")
    assert lease() == []


def test_queueing_many_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        services.queue(Delivery(transport="post", thing="a", target=str(number)) for number in range(50))
    with django_assert_num_queries(0):
        services.queue([])


def test_looking_at_nothing_takes_no_lock(django_assert_num_queries):
    with django_assert_num_queries(1):
        lease()


def test_a_look_reads_what_is_due_and_not_what_was_sent():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the table")
    plan = Delivery.objects.due().filter(transport__in=["post", "mail"]).explain()
    assert "USING INDEX delivery_in_order (next_try_at" in plan.splitlines()[0]
    assert "delivery_by_lane" in plan and "TEMP B-TREE" not in plan


def test_what_one_drainer_has_another_does_not_take_until_the_lease_ends():
    queued("a")
    first = lease()[0]
    assert lease() == []
    make_due()
    second = lease()[0]
    assert (second.pk, second.attempts, second.fence) == (first.pk, 2, 2)


@pytest.mark.parametrize("outcome", [Sent(), Retry("x"), GiveUp("x"), Retract("x")])
def test_who_lost_the_lease_settles_nothing(outcome):
    queued("a")
    frozen = lease()[0]
    make_due()
    current = lease()[0]

    assert services.settle([(frozen, outcome)]) == [frozen]
    services.give_back([frozen])
    assert services.settle([(current, Sent())]) == []
    assert Delivery.objects.get().state == State.SENT


def test_a_failure_comes_back_later_and_later():
    queued("a")
    pauses = []
    for _ in range(3):
        services.settle([(lease()[0], Retry("Answered 500."))])
        after = Delivery.objects.get()
        pauses.append((after.next_try_at - timezone.now()).total_seconds())
        assert (after.state, after.reason) == (State.FAILED, "Answered 500.")
        make_due()
    assert 2 < pauses[0] <= 5 < pauses[1] <= 10 < pauses[2] <= 20


@pytest.mark.parametrize(("asked_for", "least", "most"), [(60, 59, 60), (10**9, 3599, 3600), (0, 2, 5)])
def test_the_other_side_may_ask_for_time_but_not_for_ever(asked_for, least, most):
    queued("a")
    services.settle([(lease()[0], Retry("Answered 429.", asked_for))])
    pause = (Delivery.objects.get().next_try_at - timezone.now()).total_seconds()
    assert least < pause <= most


def test_whoever_asked_for_time_is_left_alone_with_everything_else_too():
    for thing in ("a", "b"):
        queued(thing)
    queued("c", "2")
    services.settle([(lease(1)[0], Retry("Answered 429.", 60))])
    assert [delivery.thing for delivery in lease()] == ["c"]


def test_a_failure_is_not_put_off_beyond_its_end():
    queued("a", expires_at=timezone.now() + timedelta(seconds=1))
    services.settle([(lease()[0], Retry("Answered 500."))])
    row = Delivery.objects.get()
    assert row.next_try_at == row.expires_at


def test_what_was_given_up_lies_in_the_dead_letter_until_somebody_sends_it_again():
    queued("a")
    services.settle([(lease()[0], GiveUp("Gone."))])
    row = Delivery.objects.get()
    assert (row.state, row.reason, lease()) == (State.GIVEN_UP, "Gone.", [])

    assert services.send_again(row)
    again = lease()[0]
    assert (again.attempts, again.expires_at > timezone.now() + timedelta(hours=23)) == (1, True)
    assert not services.send_again(again)


def test_what_is_retracted_is_not_sent():
    for target in ("1", "2", "3"):
        queued("a", target)
    assert services.retract("post", "a", ["1"], reason="Read on another device.") == 1
    assert [delivery.target for delivery in lease()] == ["2", "3"]


def test_retracted_on_its_way_it_is_known_to_have_arrived():
    queued("a")
    delivery = lease()[0]
    assert services.retract("post", "a") == 1
    assert services.settle([(delivery, Sent())]) == []
    row = Delivery.objects.get()
    assert row.state == State.RETRACTED and row.sent_at is not None
    assert not services.send_again(row)
    assert services.retract("post", "a") == 0


def test_a_row_waits_if_and_only_if_its_state_says_so():
    queued("a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(state=State.SENT)


# --- lanes ---------------------------------------------------------------------
def test_of_a_lane_only_the_first_is_under_way():
    for thing in ("a", "b"):
        queued(thing, lane="x")
    queued("c", lane="y")
    leased = lease()
    assert [delivery.thing for delivery in leased] == ["a", "c"]
    assert lease() == []
    services.settle([(leased[0], Sent())])
    assert [delivery.thing for delivery in lease()] == ["b"]


def test_a_failing_one_holds_back_its_lane_and_nobody_else():
    for thing in ("a", "b"):
        queued(thing, lane="x")
    head = lease()[0]
    services.settle([(head, Retry("no"))])
    queued("c", lane="x")
    queued("d")
    assert [delivery.thing for delivery in lease()] == ["d"]

    Delivery.objects.filter(thing="a").update(next_try_at=timezone.now())
    services.settle([(lease()[0], GiveUp("no"))])
    assert [delivery.thing for delivery in lease()] == ["b"]


def test_retracting_the_first_lets_the_next_go():
    for thing in ("a", "b"):
        queued(thing, lane="x")
    services.settle([(lease()[0], Retry("no"))])
    services.retract_delivery(Delivery.objects.get(thing="a"))
    assert [delivery.thing for delivery in lease()] == ["b"]


def test_what_is_not_wanted_for_the_same_reason_is_retracted_with_it():
    for thing in ("a", "b", "c"):
        queued(thing, lane="x")
    [first] = lease()
    last = Delivery.objects.get(thing="c")
    services.settle([(first, Retract("Old news.", (last.pk,)))])
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == [
        State.RETRACTED, State.QUEUED, State.RETRACTED,
    ]  # fmt: skip
    last.refresh_from_db()
    assert last.reason == "Old news." and [one.thing for one in lease()] == ["b"]


def test_a_whole_target_can_be_asked_to_wait():
    for thing, target in (("a", "1"), ("b", "1"), ("c", "2")):
        queued(thing, target=target)
    until = timezone.now() + timedelta(minutes=1)
    [first] = [one for one in lease(1) if one.thing == "a"]
    services.settle([(first, Wait(until, whole_target=True))])
    assert [one.thing for one in lease()] == ["c"]
    assert Delivery.objects.get(thing="b").next_try_at == until


# --- room ----------------------------------------------------------------------
def test_one_target_fills_its_own_places_only():
    for number in range(5):
        queued(f"a{number}")
    queued("b", "2")
    room = Room(3)
    leased = services.lease("a drainer", room.copy())
    assert [delivery.thing for delivery in leased] == ["a0", "a1"]
    assert all(room.admit(delivery) for delivery in leased)
    assert [delivery.thing for delivery in services.lease("a drainer", room.copy())] == ["b"]

    room.note(leased[0], failed=True)
    for delivery in leased:
        room.leave(delivery)
    assert [delivery.thing for delivery in services.lease("a drainer", room.copy())] == ["a2"]


def test_a_full_house_takes_nothing(django_assert_num_queries):
    queued("a")
    with django_assert_num_queries(0):
        assert lease(0) == []


# --- looking after it ------------------------------------------------------------
def test_the_backlog_is_counted():
    for thing in ("a", "b", "c"):
        queued(thing)
    first, second = lease()
    services.settle([(first, GiveUp("no")), (second, Sent())])
    Delivery.objects.waiting().update(next_try_at=timezone.now() - timedelta(minutes=5))
    line = services.backlog()["post"]
    assert (line.queued, line.failed, line.given_up, line.due) == (1, 0, 1, 1)
    assert 299 < line.oldest_seconds < 310


def test_old_ones_are_forgotten():
    now = timezone.now()
    for state, age in ((State.SENT, 8), (State.SENT, 6), (State.GIVEN_UP, 8), (State.GIVEN_UP, 91)):
        Delivery.objects.create(
            transport="post", thing=f"{state} {age}", target="1", state=state, next_try_at=None,
            ended_at=now - timedelta(days=age),
        )  # fmt: skip
    assert services.forget_old_deliveries() == 2
    assert {row.thing for row in Delivery.objects.all()} == {"sent 6", "given_up 8"}


def test_what_nothing_can_send_is_given_up():
    queued("a", expires_at=timezone.now() - timedelta(hours=2))
    Delivery.objects.create(
        transport="pigeon", thing="b", target="1", expires_at=timezone.now() - timedelta(hours=2)
    )
    assert services.give_up_what_nobody_sends() == 1
    assert Delivery.objects.get(thing="b").state == State.GIVEN_UP
