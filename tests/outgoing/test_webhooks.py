"""What receivers of ticket webhooks get, verified as they would verify it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from hazesite.outgoing import services as outgoing
from hazesite.outgoing.models import Delivery
from tests.outgoing.receiver import Got, Receiver
from tickets import services, subscribers
from tickets.models import TicketEvent, Webhook

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/tickets/webhooks"


@pytest.fixture
def hook(ada, ticket, receiver):
    """Made after the ticket: it hears of what comes next."""

    def make(path: str = "/hook", **more: Any) -> Webhook:
        return services.save_webhook(ada, {"name": path, "url": receiver.url(path), **more})

    return make


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(outgoing, "FIRST_PAUSE_SECONDS", 0.1)


def read(got: Got, webhook: Webhook) -> dict[str, Any]:
    """The verified body."""
    body: dict[str, Any] = Verifier(webhook.secret).verify(got.body, got.headers)
    return body


def settled(receiver: Receiver, count: int) -> None:
    receiver.wait(lambda: Delivery.objects.filter(next_try_at=None).count() == count)


def test_a_receiver_gets_what_happens_signed_and_in_order(hook, receiver, drain, ticket, alice, moira):
    webhook = hook()
    services.claim_ticket(ticket.public_id, moira)
    message = services.post_message(ticket.public_id, moira, "Is it plugged in?")
    services.edit_message(ticket.public_id, message.pk, moira, "Is it plugged in at all?")
    services.close_ticket(ticket.public_id, moira)
    drain()
    settled(receiver, 4)

    bodies = [read(got, webhook) for got in receiver.got]
    kinds = ["ticket_claimed", "new_message", "message_edited", "ticket_closed"]
    assert [body["type"] for body in bodies] == kinds
    seqs = [body["data"]["event"]["seq"] for body in bodies]
    assert seqs == sorted(seqs)
    first = bodies[0]["data"]
    assert first["event"]["actor_name"] == "moira"
    assert first["ticket"]["ticket_id"] == ticket.public_id
    assert first["ticket"]["status"] == "closed"  # as it is now
    assert "unread_count" not in first["ticket"]
    assert first["event"]["at"] == bodies[0]["timestamp"] and bodies[0]["timestamp"].endswith("Z")
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert ids == [f"ticket-event:{event.pk}" for event in ticket.events.filter(seq__in=seqs).order_by("seq")]
    assert receiver.got[0].headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_c29tZSBvdGhlciBzZWNyZXQ=").verify(receiver.got[0].body, receiver.got[0].headers)


def test_the_text_is_the_newest(hook, receiver, drain, ticket, alice):
    webhook = hook(event_types=["new_message"])
    first = services.post_message(ticket.public_id, alice, "my pasword is hunter2")
    services.edit_message(ticket.public_id, first.pk, alice, "never mind")
    second = services.post_message(ticket.public_id, alice, "a secret")
    services.delete_message(ticket.public_id, second.pk, alice)
    drain()
    settled(receiver, 2)
    contents = [read(got, webhook)["data"]["event"]["data"]["content"] for got in receiver.got]
    assert contents == ["never mind", ""]
    assert "secret" not in "".join(receiver.bodies)


def test_notes_are_for_webhooks_that_may_have_them(hook, receiver, drain, ticket, moira):
    plain, internal = hook("/plain"), hook("/internal", include_internal=True)
    services.add_note(ticket.public_id, moira, "He is difficult.")
    services.post_message(ticket.public_id, moira, "Hello!")
    drain()
    settled(receiver, 3)

    assert "difficult" not in "".join(got.body.decode() for got in receiver.at("/plain"))
    shown = [read(got, plain)["data"] for got in receiver.at("/plain")]
    seen = [read(got, internal)["data"] for got in receiver.at("/internal")]
    assert [data["event"]["data"]["content"] for data in seen] == ["He is difficult.", "Hello!"]
    # Each has the unbroken chain of its audience.
    assert shown[0]["event"]["prev_seq"] == seen[0]["event"]["prev_seq"] == seen[1]["event"]["prev_seq"] - 1
    assert "snoozed_until" in seen[0]["ticket"] and "snoozed_until" not in shown[0]["ticket"]


def test_what_it_may_not_have_any_more_is_not_sent(hook, receiver, drain, ticket, moira, ada):
    webhook = hook(include_internal=True)
    services.add_note(ticket.public_id, moira, "He is difficult.")
    services.save_webhook(ada, {"include_internal": False}, str(webhook.pk))
    drain()
    settled(receiver, 1)
    assert Delivery.objects.get().state == "retracted" and not receiver.got


@pytest.mark.parametrize("how", ["deleted", "disabled"])
def test_a_webhook_that_is_no_more_gets_nothing_more(hook, receiver, drain, ticket, alice, ada, how):
    webhook = hook()
    services.post_message(ticket.public_id, alice, "one")
    if how == "deleted":
        services.delete_webhook(ada, str(webhook.pk))
    else:
        services.save_webhook(ada, {"enabled": False}, str(webhook.pk))
    services.post_message(ticket.public_id, alice, "two")
    drain()
    settled(receiver, 1)
    assert Delivery.objects.get().reason == f"The webhook {'was' if how == 'deleted' else 'is'} {how}."
    assert not receiver.got


def test_of_a_deleted_ticket_only_that_is_told(hook, receiver, drain, ticket, alice, ada):
    webhook = hook()
    services.post_message(ticket.public_id, alice, "a secret")
    services.delete_ticket(ticket.public_id, ada)
    drain()
    settled(receiver, 2)
    bodies = [read(got, webhook) for got in receiver.got]
    assert [body["type"] for body in bodies] == ["ticket_deleted"]
    assert "secret" not in "".join(receiver.bodies)


def test_a_failure_is_repeated_under_the_same_id(hook, receiver, drain, ticket, alice, at_once):
    webhook = hook()
    receiver.answers["/hook"] = [(500, {}), (302, {"Location": "/elsewhere"})]
    services.post_message(ticket.public_id, alice, "one")
    services.post_message(ticket.public_id, alice, "two")
    drain()
    settled(receiver, 2)
    assert [got.path for got in receiver.got] == ["/hook"] * 4
    ids = [got.headers["webhook-id"] for got in receiver.got]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    for got in receiver.got:
        read(got, webhook)
    webhook.refresh_from_db()
    assert webhook.failing_since is None


def test_one_stumbling_over_a_ticket_hears_of_the_others(hook, receiver, drain, ticket, alice, mallory):
    other = services.open_ticket(mallory, "Another one", "Something else is broken.")
    hook()
    receiver.answers["/hook"] = [(500, {})]
    services.post_message(ticket.public_id, alice, "one")
    services.post_message(ticket.public_id, alice, "two")
    drain()
    receiver.wait(lambda: Delivery.objects.filter(state="failed").exists())
    services.post_message(other.public_id, mallory, "three")
    receiver.wait(lambda: Delivery.objects.filter(state="sent").count() == 1)
    assert len(receiver.got) == 2


def test_a_receiver_that_is_gone_is_not_asked_again(hook, receiver, drain, ticket, alice, told_staff):
    webhook = hook("/410")
    services.post_message(ticket.public_id, alice, "one")
    services.post_message(ticket.public_id, alice, "two")
    drain()
    settled(receiver, 2)
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.disabled_reason) == (False, "The receiver answered 410 Gone.")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"given_up", "retracted"}
    assert len(receiver.got) == 1
    [(subject, text, _key)] = told_staff
    assert subject == f"A webhook was switched off: {webhook.name}"
    assert "410 Gone" in text and f"/admin/tickets/webhook/{webhook.pk}/change/" in text


def test_five_days_of_failures_disable_it_and_enabling_it_forgets_them(
    hook, receiver, drain, ticket, alice, ada
):
    webhook = hook("/500")
    Webhook.objects.update(failing_since=timezone.now() - timedelta(days=5, minutes=1))
    services.post_message(ticket.public_id, alice, "one")
    drain()
    receiver.wait(lambda: not Webhook.objects.get().enabled)
    assert Webhook.objects.get().disabled_reason == "Nothing has arrived for five days."
    services.save_webhook(ada, {"enabled": True}, str(webhook.pk))
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.disabled_reason, webhook.failing_since) == (True, "", None)


def test_the_time_a_receiver_asks_for_is_given(hook, receiver, drain, ticket, alice):
    hook()
    receiver.answers["/hook"] = [(503, {"Retry-After": "120"})]
    services.post_message(ticket.public_id, alice, "one")
    drain()
    receiver.wait(lambda: Delivery.objects.filter(state="failed").exists())
    pause = Delivery.objects.get().next_try_at - timezone.now()
    assert timedelta(seconds=110) < pause <= timedelta(seconds=120)


def test_a_step_costs_one_query_when_nobody_listens(ticket, alice, django_assert_num_queries):
    event = ticket.events.first()
    moved = subscribers.TicketMoved(ticket.pk, event.pk, event.type, alice.pk, None)
    with transaction.atomic(), django_assert_num_queries(1):
        subscribers.queue_webhooks(moved)


def test_what_is_rolled_back_is_told_nobody(hook, ticket, alice):
    hook()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.post_message(ticket.public_id, alice, "one")
        raise ZeroDivisionError
    assert not Delivery.objects.exists()


# --- over REST -----------------------------------------------------------------
@pytest.fixture
def admin_api(client_of, ada):
    return client_of(ada)


def test_a_webhook_is_made_with_a_secret_that_is_shown_once(admin_api, receiver, ada):
    body = {"name": "CRM", "url": receiver.url("/crm"), "event_types": ["ticket_closed"]}
    answer = admin_api.post(BASE, body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["secret"] == Webhook.objects.get().secret and made["secret"].startswith("whsec_")
    assert made["created_by"] == ada.user_id
    page = f"{BASE}/{made['id']}"
    listed = admin_api.get(BASE).json()["webhooks"]
    assert listed == [admin_api.get(page).json()] and "secret" not in listed[0]

    changed = admin_api.patch(page, {"name": "The CRM", "new_secret": True}).json()
    assert changed["name"] == "The CRM" and changed["event_types"] == ["ticket_closed"]
    assert changed["secret"] == Webhook.objects.get().secret != made["secret"]
    assert "secret" not in admin_api.patch(page, {"enabled": False}).json()

    assert admin_api.delete(page).status_code == 200
    assert admin_api.get(page).status_code == 404


REFUSED_ADDRESSES = [
    "http://10.0.0.1/", "http://localhost:1/", "ftp://example.org/", "http://a:b@8.8.8.8/", "no address",
    "http://no-such-host.invalid/", "http://[::ffff:127.0.0.1]/",
]  # fmt: skip
NOT_VALID = [{"event_types": ["birthday"]}, {"secret": "whsec_mine"}, {"name": " "}, {"enabled": "yes"}]


@pytest.mark.parametrize("url", REFUSED_ADDRESSES)
def test_it_cannot_be_within(admin_api, url):
    answer = admin_api.post(BASE, {"name": "x", "url": url})
    assert (answer.status_code, answer.json()["code"]) == (409, "address_refused")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("change", NOT_VALID)
def test_what_a_webhook_may_not_be(admin_api, receiver, change):
    answer = admin_api.post(BASE, {"name": "x", "url": receiver.url(), **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Webhook.objects.exists()


def test_there_is_a_limit(admin_api, receiver):
    body = {"name": "x", "url": receiver.url()}
    statuses = [admin_api.post(BASE, body).status_code for _ in range(21)]
    assert statuses == [201] * 20 + [409]


def test_a_test_arrives_and_is_listed(admin_api, hook, receiver, drain):
    webhook = hook(enabled=False)
    answer = admin_api.post(f"{BASE}/{webhook.pk}/test")
    assert answer.status_code == 202
    drain()
    settled(receiver, 1)
    assert read(receiver.got[0], webhook)["type"] == "test"
    shown = admin_api.get(f"{BASE}/{webhook.pk}/deliveries").json()
    assert shown["next_cursor"] is None
    assert shown["deliveries"][0]["webhook_id"] == receiver.got[0].headers["webhook-id"]
    assert shown["deliveries"][0] | {"state": "sent", "attempts": 1, "reason": ""} == shown["deliveries"][0]


def test_deliveries_are_paged_and_each_has_its_own(
    admin_api, hook, ticket, alice, django_assert_max_num_queries
):
    webhook, other = hook("/a"), hook("/b")
    for number in range(5):
        services.post_message(ticket.public_id, alice, str(number))
    page = f"{BASE}/{webhook.pk}/deliveries"
    seen, cursor = [], None
    while cursor or not seen:
        with django_assert_max_num_queries(5):
            shown = admin_api.get(page, {"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["webhook_id"] for row in shown["deliveries"]]
        cursor = shown["next_cursor"]
    newest = ticket.events.filter(type=TicketEvent.Type.MESSAGE).order_by("-seq")[:5]
    assert seen == [f"ticket-event:{event.pk}" for event in newest]
    assert len(admin_api.get(f"{BASE}/{other.pk}/deliveries").json()["deliveries"]) == 5


# --- in the admin --------------------------------------------------------------
@pytest.fixture
def desk(client, ada):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_page_makes_one_and_shows_its_secret_once(desk, receiver, ada):
    add = reverse("admin:tickets_webhook_add")
    form = {"name": "CRM", "url": receiver.url(), "event_types": ["ticket_closed"], "enabled": "on"}
    shown = desk.post(add, form, follow=True).content.decode()
    webhook = Webhook.objects.get()
    assert webhook.secret in shown.replace("&#x3D;", "=")
    assert (webhook.event_types, webhook.created_by) == (["ticket_closed"], ada)
    page = reverse("admin:tickets_webhook_change", args=[webhook.pk])
    assert webhook.secret not in desk.get(page).content.decode()

    refused = desk.post(page, form | {"url": "http://10.0.0.1/"})
    assert refused.status_code == 200 and "not reachable" in refused.content.decode()
    assert Webhook.objects.get().url == receiver.url()
    desk.post(page, form | {"enabled": ""})
    assert not Webhook.objects.get().enabled


def test_its_actions_send_a_test_and_renew_the_secret(desk, hook):
    webhook = hook()
    page = reverse("admin:tickets_webhook_changelist")
    desk.post(page, {"action": "send_test", "_selected_action": [webhook.pk]})
    assert Delivery.objects.get().payload == {"test": True}
    shown = desk.post(page, {"action": "renew_secret", "_selected_action": [webhook.pk]}, follow=True)
    renewed = Webhook.objects.get().secret
    assert renewed != webhook.secret and renewed in shown.content.decode()


def test_the_ledger_has_a_page_with_its_actions(desk, hook, ticket, alice):
    hook()
    services.post_message(ticket.public_id, alice, "one")
    page = reverse("admin:hazesite_delivery_changelist")
    assert "ticket-event" in desk.get(page, {"state": "queued", "transport": "webhook"}).content.decode()
    row = Delivery.objects.get()
    desk.post(page, {"action": "retract", "_selected_action": [row.pk]})
    assert Delivery.objects.get().state == "retracted"
    desk.post(page, {"action": "send_again", "_selected_action": [row.pk]})
    assert Delivery.objects.get().state == "queued"


@pytest.mark.parametrize("page", ["hazesite_delivery_changelist", "tickets_webhook_changelist"])
def test_the_pages_are_for_admins(client, moira, page):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(f"admin:{page}")).status_code == 403


def test_a_change_writes_nothing_but_what_it_changes(hook, ada):
    """While its address was looked up, somebody renewed the secret and the worker disabled it."""
    stale = hook()
    renewed = services.renew_secret(ada, str(stale.pk)).secret
    Webhook.objects.update(enabled=False, disabled_reason="Nothing has arrived for five days.")
    services.store_webhook(ada, {"name": "Another name"}, stale)
    now = Webhook.objects.get()
    assert (now.name, now.secret, now.enabled) == ("Another name", renewed, False)
    assert now.disabled_reason == "Nothing has arrived for five days."
