"""From a message to the phone that rings, through the ledger, Google's library and an FCM on loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery
from notifications import push
from notifications.models import Device, MutedTicket, Notification, Preferences
from notifications.services import telling
from tests.notifications.conftest import do_jobs, wait
from tests.outgoing.conftest import draining
from tickets import services
from tickets.models import Presence

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
State = Delivery.State


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(outgoing, "FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(push, "PAUSE", timedelta(seconds=0.8))
    monkeypatch.setattr(telling, "PAUSE", timedelta(seconds=0.8))
    monkeypatch.setattr(push, "LOOK_AGAIN", timedelta(seconds=0.3))


def states():
    return list(Delivery.objects.filter(transport="push").order_by("pk").values_list("state", flat=True))


def test_the_phone_of_the_owner_rings_once_with_what_the_app_reads(phones, ticket, alice, moira, ada):
    phone, others = phones.give(alice), phones.give(ada)
    services.post_message(ticket.public_id, moira, "We look into it.")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone) and phones.fcm.rings(others))
    [data] = phones.data(phone)
    assert data["title"] == f"#{ticket.pk} It does not start"
    assert data["body"] == "moira: We look into it."
    assert (data["ticket_id"], data["ticket_num"]) == (ticket.public_id, str(ticket.pk))
    assert (data["notification_type"], data["open_tab"], data["count"]) == ("new_message", "messages", "1")
    message = phones.fcm.accepted(phone)[0]["message"]
    assert "notification" not in message and message["android"]["priority"] == "high"
    assert [one["body"] for one in phones.data(others)] == ["alice opened a ticket."]


def test_every_platform_shows_it(phones, ticket, alice, moira):
    tokens = [phones.give(alice, platform) for platform in ("android", "ios", "web")]
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: all(phones.fcm.accepted(token) for token in tokens))
    assert [one["title"] for one in phones.fcm.shown(tokens[1])] == [f"#{ticket.pk} It does not start"]


def test_an_installation_id_is_an_address_as_well(phones, ticket, alice, moira):
    from notifications.services import register_device

    token = phones.fcm.operations.register("android")
    register_device(alice, phones.fcm.operations.fid(token), "android", kind="fid")
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: phones.fcm.rings(token))


def test_a_burst_neither_rings_ten_times_nor_hides_nine(phones, ticket, alice, moira):
    phone = phones.give(alice)
    for number in range(10):
        services.post_message(ticket.public_id, moira, f"line {number}")
        do_jobs()
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone))
        services.post_message(ticket.public_id, moira, "and one more")
        do_jobs()
        wait(lambda: len(phones.fcm.accepted(phone)) == 2)
    first, second = phones.data(phone)
    assert first["count"] == "10" and first["body"].split("\n") == [f"moira: line {n}" for n in range(10)]
    assert (second["count"], second["body"]) == ("1", "moira: and one more")
    assert sorted(states()) == ["retracted"] * 9 + ["sent"] * 2


def test_read_before_it_rang_it_does_not(phones, ticket, alice, moira):
    phone = phones.give(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    services.mark_read(ticket.public_id, alice)
    with phones.drained():
        wait(lambda: states() == ["retracted"])
    assert not phones.fcm.accepted(phone)


def test_what_was_read_this_moment_does_not_ring_whatever_waits_to_be_done(phones, ticket, alice, moira):
    phone = phones.give(alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    services.mark_read(ticket.public_id, alice)
    with draining():  # before the job that takes it back
        wait(lambda: states() == ["retracted"])
    assert not phones.fcm.accepted(phone)


def test_read_on_one_it_goes_from_the_others(phones, ticket, alice, moira):
    phone, tablet = phones.give(alice), phones.give(alice, "ios")
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone) and phones.fcm.accepted(tablet))
        services.mark_read(ticket.public_id, alice)
        do_jobs()
        wait(lambda: len(phones.fcm.accepted(phone)) == len(phones.fcm.accepted(tablet)) == 2)
    taken_back = phones.data(phone)[-1]
    assert taken_back == {
        "notification_type": "ticket_read", "ticket_id": ticket.public_id, "ticket_num": str(ticket.pk),
    }  # fmt: skip
    assert len(phones.fcm.rings(phone)) == 1


def test_what_was_edited_is_told_anew_and_what_was_deleted_not(phones, ticket, alice, moira):
    phone = phones.give(alice)
    edited = services.post_message(ticket.public_id, moira, "Teh answer")
    deleted = services.post_message(ticket.public_id, moira, "A slip of the tongue")
    do_jobs()
    services.edit_message(ticket.public_id, edited.pk, moira, "The answer")
    services.delete_message(ticket.public_id, deleted.pk, moira)
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone))
        wait(lambda: sorted(states()) == ["retracted", "sent"])
    assert phones.words(phone) == ["moira: The answer"]


def test_what_is_deleted_after_it_rang_goes_from_the_screen(phones, ticket, alice, moira):
    phone = phones.give(alice)
    slip = services.post_message(ticket.public_id, moira, "A slip of the tongue")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone))
        services.delete_message(ticket.public_id, slip.pk, moira)
        do_jobs()
        wait(lambda: len(phones.fcm.accepted(phone)) == 2)
    assert phones.data(phone)[-1]["notification_type"] == "ticket_read"


def test_a_deleted_one_takes_no_other_off_the_screen(phones, ticket, alice, moira):
    phone = phones.give(alice)
    services.post_message(ticket.public_id, moira, "The answer")
    slip = services.post_message(ticket.public_id, moira, "A slip of the tongue")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone))
        services.delete_message(ticket.public_id, slip.pk, moira)
        do_jobs()
    assert not Delivery.objects.filter(thing__startswith="read:").exists()


def test_a_deleted_ticket_goes_from_every_screen(phones, ticket, alice, moira, ada):
    tokens = [phones.give(alice), phones.give(ada)]
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: all(phones.fcm.rings(token) for token in tokens))
        services.delete_ticket(ticket.public_id, ada)
        do_jobs()
        wait(lambda: all(len(phones.fcm.accepted(token)) == 2 for token in tokens))
    assert {phones.data(token)[-1]["notification_type"] for token in tokens} == {"ticket_read"}


def test_nobody_is_rung_who_has_it_open_but_a_phone_that_died_is(phones, ticket, alice, moira):
    phone = phones.give(alice)
    until = timezone.now() + timedelta(seconds=1.5)
    Presence.objects.create(ticket=ticket, user=alice, process="p", expires_at=until)
    services.post_message(ticket.public_id, moira, "Do you see me?")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone))
    assert phones.fcm.rings(phone)[0]["at"] >= until.timestamp()  # nothing was read when it ended
    assert Delivery.objects.get(transport="push").attempts == 1


@pytest.mark.parametrize(
    "choice", ["master", "kind", "device", "ticket", "only mine", "digest", "role lost", "blocked"]
)
def test_what_is_not_wanted_does_not_ring(choice, phones, ticket, alice, moira, ada):
    """Whether it was switched off before or after it was queued."""
    phone, control = phones.give(moira), phones.give(ada)
    services.post_message(ticket.public_id, alice, "Hello")
    do_jobs()
    switches = {
        "master": {"notifications_enabled": False},
        "kind": {"ticket_new_messages": False, "ticket_created": False},
        "only mine": {"only_mine": True},
    }
    if choice in switches:
        Preferences.objects.create(user=moira, **switches[choice])
    elif choice == "device":
        Device.objects.filter(user=moira).update(muted_kinds=["new_message", "ticket_created"])
    elif choice == "ticket":
        MutedTicket.objects.create(user=moira, ticket=ticket)
    elif choice == "digest":
        Preferences.objects.create(user=moira, digest=True)
        Notification.objects.filter(user=moira).update(kind="ticket_claimed")
    elif choice == "role lost":
        type(moira).objects.filter(pk=moira.pk).update(granted_role="")
    else:
        type(moira).objects.filter(pk=moira.pk).update(is_active=False)
    with phones.drained():
        wait(lambda: phones.fcm.rings(control))
        wait(lambda: not Delivery.objects.waiting().exists())
    assert not phones.fcm.accepted(phone)


def test_quiet_hours_hold_it_back(phones, ticket, alice, moira, monkeypatch):
    phone = phones.give(alice)
    now = datetime.now(UTC)
    start, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time()
    Preferences.objects.create(user=alice, quiet_from=start, quiet_to=end.replace(second=0, microsecond=0))
    services.post_message(ticket.public_id, moira, "Good night")
    with phones.drained():
        wait(
            lambda: (
                Delivery.objects.get(transport="push").next_try_at > timezone.now() + timedelta(minutes=30)
            )
        )
    delivery = Delivery.objects.get(transport="push")
    assert (delivery.state, delivery.attempts, phones.fcm.accepted(phone)) == (State.QUEUED, 0, [])


def test_private_says_nothing_of_what_was_said(phones, ticket, alice, moira):
    phone = phones.give(alice)
    Preferences.objects.create(user=alice, private=True)
    services.post_message(ticket.public_id, moira, "The secret is out")
    with phones.drained():
        wait(lambda: phones.fcm.accepted(phone))
    assert "secret" not in str(phones.fcm.accepted(phone))
    assert phones.words(phone) == ["A new message."]


@pytest.mark.parametrize("code", ["UNREGISTERED", "SENDER_ID_MISMATCH"])
def test_a_device_that_is_gone_is_forgotten(code, phones, ticket, alice, moira):
    phone, other = phones.give(alice), phones.give(alice)
    phones.fcm.operations.fault(code, token=phone)
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: phones.fcm.rings(other))
        wait(lambda: sorted(states()) == ["given_up", "sent"])
    assert [one.address for one in Device.objects.all()] == [other]


@pytest.mark.parametrize(
    "what", ["UNAVAILABLE", "INTERNAL", "502", "cut", "THIRD_PARTY_AUTH_ERROR", "QUOTA_EXCEEDED"]
)
def test_a_fault_passes_and_costs_no_device(what, phones, ticket, alice, moira, monkeypatch):
    monkeypatch.setattr("notifications.fcm.QUOTA_PAUSE_SECONDS", 0.3)
    phone = phones.give(alice)
    phones.fcm.operations.fault(what, token=phone, times=2)
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone), 15)
        wait(lambda: states() == ["sent"])
    assert Device.objects.count() == 1 and len(phones.fcm.accepted(phone)) == 1


def test_no_access_is_tried_again(phones, ticket, alice, moira):
    phone = phones.give(alice)
    phones.fcm.operations.token_fault("500", times=1)
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: phones.fcm.rings(phone), 15)


def test_an_answer_that_was_lost_shows_it_once(phones, ticket, alice, moira):
    phone = phones.give(alice)
    phones.fcm.operations.fault("do and cut", token=phone, times=1)
    services.post_message(ticket.public_id, moira, "Hello")
    with phones.drained():
        wait(lambda: len(phones.fcm.accepted(phone)) == 2)
        wait(lambda: states() == ["sent"])
    assert len(phones.fcm.shown(phone)) == 1


def test_without_credentials_nothing_is_queued(settings, ticket, alice, moira):
    settings.FCM_CREDENTIALS = None
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    assert not Delivery.objects.exists()
    assert Notification.objects.filter(user=alice).count() == 1


def test_an_admin_tries_it(phones, client_of, ada, alice):
    token = phones.fcm.operations.register("android")
    client, url = client_of(ada), "/api/notifications/test"
    answer = client.post(url, {"fcm_token": token, "title": "Hello", "body": "Can you hear me?"})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert phones.words(token) == ["Can you hear me?"]
    wrong = client.post(url, {"fcm_token": "nobody", "title": "Hello", "body": "?"})
    assert (wrong.status_code, wrong.json()["code"]) == (502, "push_failed")


def test_it_says_that_it_is_not_set_up(client_of, ada, settings):
    settings.FCM_CREDENTIALS = None
    answer = client_of(ada).post("/api/notifications/test", {"fcm_token": "t", "title": "a", "body": "b"})
    assert (answer.status_code, answer.json()["code"]) == (503, "push_not_configured")
