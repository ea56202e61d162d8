"""The phones behind the FCM of the tests: what they show, what collapses, when they ring."""

from __future__ import annotations

import pytest
from firebase_admin import messaging
from firebase_admin.messaging import (
    AndroidConfig,
    AndroidNotification,
    APNSConfig,
    APNSPayload,
    Aps,
    ApsAlert,
)

from tests.servers.fcm.client import by_send, message_to

pytestmark = pytest.mark.workers


@pytest.fixture
def phone(fcm_server) -> str:
    return fcm_server.operations.register()


def about(ticket: int, body: str) -> dict[str, str]:
    return {"title": f"Ticket {ticket}", "body": body, "ticket_id": str(ticket)}


def notifying(token: str, body: str, tag: str | None = None, **android: object) -> messaging.Message:
    """A message whose notification the system shows; without data."""
    config = AndroidConfig(notification=AndroidNotification(tag=tag), **android)
    message = messaging.Message(notification=messaging.Notification("Haze", body), android=config)
    message.token = token
    return message


def on_ios(token: str, body: str, collapse: str | None = None, sound: str | None = None) -> messaging.Message:
    aps = Aps(alert=ApsAlert(title="Haze", body=body), sound=sound)
    headers = {"apns-collapse-id": collapse} if collapse else None
    return message_to(token, {"a": "b"}, apns=APNSConfig(headers, APNSPayload(aps)))


def bodies(shown: list[dict]) -> list[str]:
    return [one["body"] for one in shown]


async def test_the_app_gathers_what_it_is_told_of_a_ticket(fcm_server, fcm_app, phone):
    for body in ("first", "second"):
        await by_send(fcm_app, message_to(phone, about(7, body)))
    await by_send(fcm_app, message_to(phone, about(8, "other")))
    shown = fcm_server.shown(phone)
    assert [(one["tag"], one["lines"], one["by"]) for one in shown] == [
        ("ticket-7", ["first", "second"], "app"),
        ("ticket-8", ["other"], "app"),
    ]
    assert bodies(fcm_server.rings(phone)) == ["first", "second", "other"]


async def test_it_keeps_the_last_ten_lines_until_the_tray_is_cleared(fcm_server, fcm_app, phone):
    batch = [message_to(phone, about(7, str(number))) for number in range(12)]
    for message in batch:
        await by_send(fcm_app, message)
    assert fcm_server.shown(phone)[0]["lines"] == [str(number) for number in range(2, 12)]
    fcm_server.operations.dismiss(phone)
    assert fcm_server.shown(phone) == []
    await by_send(fcm_app, batch[0])
    assert fcm_server.shown(phone)[0]["lines"] == ["0"]


async def test_data_the_app_shows_nothing_for_is_only_recorded(fcm_server, fcm_app, phone):
    await by_send(fcm_app, message_to(phone, {"type": "retract", "ticket_id": "7"}))
    assert [one["message"]["data"]["type"] for one in fcm_server.received(phone)] == ["retract"]
    assert fcm_server.shown(phone) == []
    assert fcm_server.rings(phone) == []


async def test_a_notification_block_beside_the_apps_data_is_shown_twice(fcm_server, fcm_app, phone):
    block = messaging.Notification("Ticket 7", "hello")
    await by_send(fcm_app, message_to(phone, about(7, "hello"), notification=block))
    assert [one["by"] for one in fcm_server.shown(phone)] == ["system", "app"]
    assert len(fcm_server.rings(phone)) == 2


async def test_a_tag_takes_the_place_of_what_has_it(fcm_server, fcm_app, phone):
    for body, tag in (("a", "7"), ("b", "8"), ("c", "7"), ("d", None), ("e", None)):
        await by_send(fcm_app, notifying(phone, body, tag))
    assert bodies(fcm_server.shown(phone)) == ["b", "c", "d", "e"]
    assert bodies(fcm_server.rings(phone)) == ["a", "b", "c", "d", "e"]


async def test_a_notification_of_low_priority_does_not_ring(fcm_server, fcm_app, phone):
    quiet = AndroidConfig(notification=AndroidNotification(title="t", body="b", priority="low"))
    message = messaging.Message(android=quiet)
    message.token = phone
    await by_send(fcm_app, message)
    assert bodies(fcm_server.shown(phone)) == ["b"]
    assert fcm_server.rings(phone) == []


async def test_messages_wait_for_a_phone_that_is_offline_and_collapse(fcm_server, fcm_app, phone):
    fcm_server.operations.set_state(phone, "offline")
    for ticket, body in ((7, "a"), (8, "b"), (7, "c")):
        config = AndroidConfig(collapse_key=f"ticket-{ticket}")
        await by_send(fcm_app, message_to(phone, about(ticket, body), android=config))
    await by_send(fcm_app, message_to(phone, about(9, "d")))
    await by_send(fcm_app, message_to(phone, about(9, "e")))
    assert fcm_server.received(phone) == []
    assert len(fcm_server.accepted(phone)) == 5
    fcm_server.operations.set_state(phone, "awake")
    assert [one["message"]["data"]["body"] for one in fcm_server.received(phone)] == ["b", "c", "d", "e"]
    assert fcm_server.shown(phone)[-1]["lines"] == ["d", "e"]


async def test_notifications_without_a_key_collapse_all_the_same(fcm_server, fcm_app, phone):
    fcm_server.operations.set_state(phone, "offline")
    for body in ("a", "b"):
        await by_send(fcm_app, notifying(phone, body))
    fcm_server.operations.set_state(phone, "awake")
    assert bodies(fcm_server.shown(phone)) == ["b"]


async def test_what_waits_too_long_never_comes(fcm_server, fcm_app, phone):
    fcm_server.operations.set_state(phone, "offline")
    for body, ttl in (("now or never", 0), ("a minute", 60), ("an hour", 3600)):
        await by_send(fcm_app, message_to(phone, about(7, body), android=AndroidConfig(ttl=ttl)))
    fcm_server.operations.advance(61)
    fcm_server.operations.set_state(phone, "awake")
    assert bodies(fcm_server.rings(phone)) == ["an hour"]


async def test_a_dozing_phone_is_reached_by_high_priority_alone(fcm_server, fcm_app, phone):
    fcm_server.operations.set_state(phone, "dozing")
    await by_send(fcm_app, message_to(phone, about(7, "normal"), android=AndroidConfig(priority="normal")))
    await by_send(fcm_app, message_to(phone, about(8, "high"), android=AndroidConfig(priority="high")))
    assert bodies(fcm_server.rings(phone)) == ["high"]
    fcm_server.operations.set_state(phone, "awake")
    assert bodies(fcm_server.rings(phone)) == ["high", "normal"]


async def test_more_than_a_hundred_that_wait_are_dropped(fcm_server, fcm_app, phone):
    fcm_server.operations.set_state(phone, "offline")
    await messaging.send_each_async([message_to(phone, about(7, str(n))) for n in range(101)], app=fcm_app)
    fcm_server.operations.set_state(phone, "awake")
    assert len(fcm_server.accepted(phone)) == 101
    assert fcm_server.received(phone) == []


async def test_an_iphone_collapses_by_id_and_rings_with_a_sound(fcm_server, fcm_app):
    phone = fcm_server.operations.register("ios")
    await by_send(fcm_app, on_ios(phone, "a", "7", "default"))
    await by_send(fcm_app, on_ios(phone, "b", "7"))
    await by_send(fcm_app, on_ios(phone, "c"))
    await by_send(fcm_app, message_to(phone, about(7, "data alone")))
    assert bodies(fcm_server.shown(phone)) == ["b", "c"]
    assert bodies(fcm_server.rings(phone)) == ["a"]
    assert len(fcm_server.received(phone)) == 4


async def test_a_browser_rings_again_only_when_it_is_told_to(fcm_server, fcm_app):
    browser = fcm_server.operations.register("web")
    for body, again in (("a", None), ("b", None), ("c", True)):
        shown = messaging.WebpushNotification(title="Haze", body=body, tag="7", renotify=again)
        await by_send(fcm_app, message_to(browser, webpush=messaging.WebpushConfig(notification=shown)))
    assert bodies(fcm_server.shown(browser)) == ["c"]
    assert bodies(fcm_server.rings(browser)) == ["a", "c"]


async def test_a_phone_that_is_gone_or_has_a_new_token_is_unregistered(fcm_server, fcm_app, phone):
    new = fcm_server.operations.rotate(phone)
    with pytest.raises(messaging.UnregisteredError):
        await by_send(fcm_app, message_to(phone))
    await by_send(fcm_app, message_to(new))
    assert len(fcm_server.rings(new)) == 1
    fcm_server.operations.uninstall(new)
    with pytest.raises(messaging.UnregisteredError):
        await by_send(fcm_app, message_to(new))
    never_seen = "c" * 22 + ":APA91b" + "d" * 134
    with pytest.raises(messaging.UnregisteredError):
        await by_send(fcm_app, message_to(never_seen))


async def test_a_token_of_the_tests_own_choice_is_as_good(fcm_server, fcm_app):
    assert fcm_server.operations.register("android", "token-of-alice") == "token-of-alice"
    with pytest.raises(ValueError, match="taken"):
        fcm_server.operations.register("ios", "token-of-alice")
    await by_send(fcm_app, message_to("token-of-alice"))
    fcm_server.operations.take_any_token()
    await by_send(fcm_app, message_to("token-of-bob"))
    assert [one["token"] for one in fcm_server.accepted()] == ["token-of-alice", "token-of-bob"]
    fcm_server.operations.uninstall("token-of-alice")
    with pytest.raises(messaging.UnregisteredError):
        await by_send(fcm_app, message_to("token-of-alice"))


async def test_topics_conditions_and_installation_ids_reach_their_phones(fcm_server, fcm_app, phone):
    operations = fcm_server.operations
    other = operations.register()
    operations.subscribe(phone, "news")
    operations.subscribe(other, "sports")
    data = {"a": "b"}
    for target in (
        {"topic": "news"},
        {"condition": "'news' in topics && !('sports' in topics)"},
        {"condition": "'news' in topics || 'sports' in topics"},
        {"fid": operations.fid(other)},
        {"topic": "nobody-reads-it"},
    ):
        await by_send(fcm_app, messaging.Message(data, **target))
    assert len(fcm_server.received(phone)) == 3
    assert len(fcm_server.received(other)) == 2
    assert fcm_server.accepted("nobody-reads-it")


@pytest.mark.parametrize(
    "condition",
    [
        "news",
        "'a' in topics &&",
        "'a' in topics; 'b' in topics",
        "'a' in topics 'b' in topics",
        "('a' in topics)('b' in topics)",
        " || ".join(["'a' in topics"] * 6),
    ],
)
async def test_a_condition_that_is_none_is_refused(fcm_server, fcm_app, condition):
    with pytest.raises(messaging.exceptions.InvalidArgumentError):
        await by_send(fcm_app, messaging.Message({"a": "b"}, condition=condition))
