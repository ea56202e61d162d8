"""Telling everybody something: who may, who hears it, once each, and how far it is."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from botconfig.models import GuildChannel
from hazesite.errors import NotAllowed
from hazesite.jobs.models import Job
from hazesite.outgoing.models import Delivery
from notifications.models import Broadcast, Notification
from notifications.services import broadcasts, change_preferences
from notifications.services.broadcasts import announce, progress, tell_everybody
from tests.notifications.conftest import wait
from tests.outgoing.conftest import draining

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = {"title": "News", "message": "There is some."}


@pytest.fixture
def channel() -> GuildChannel:
    return GuildChannel.objects.create(id=77, name="news", kind="text", position=1)


def announced(client, **body: object):
    return client.post("/api/admin/broadcast", NEWS | body, format="json")


def told(broadcast: Broadcast) -> set[str]:
    rows = Notification.objects.filter(thing=f"broadcast:{broadcast.pk}").select_related("user")
    return {row.user.username for row in rows}


def test_everybody_but_the_author_and_the_blocked_has_it_in_their_history(
    client_of, ada, alice, moira, mallory
):
    User.objects.filter(pk=mallory.pk).update(is_active=False)
    answer = announced(client_of(ada))
    assert answer.status_code == 202
    assert answer.json() == {"success": True, "broadcast_id": answer.json()["broadcast_id"], "recipients": 2}
    made = Broadcast.objects.get()
    assert tell_everybody(made.pk) == 2
    assert told(made) == {alice.username, moira.username}
    [shown] = client_of(alice).get("/api/notifications").json()["notifications"]
    assert (shown["kind"], shown["title"], shown["body"]) == ("broadcast", "News", "There is some.")


def test_the_job_is_stored_with_it(ada, alice):
    made = announce(ada, **NEWS)
    [job] = Job.objects.filter(task="notifications.jobs.tell_everybody")
    assert job.args == [made.pk]


def test_it_rings_each_device_once_however_often_it_is_begun(ada, alice, phones, client_of):
    phone, tablet = phones.give(alice), phones.give(alice, "ios")
    made = announce(ada, **NEWS)
    tell_everybody(made.pk)
    Broadcast.objects.update(told_up_to=0, done_at=None)
    with draining():
        tell_everybody(made.pk)
        wait(lambda: progress(made.pk).delivered == 2)
    for device in (phone, tablet):
        assert phones.words(device) == ["There is some."]
    shown = client_of(ada).get(f"/api/admin/broadcast/{made.pk}").json()
    assert {name: shown[name] for name in ("told", "delivered", "failed", "waiting", "done")} == {
        "told": 1,
        "delivered": 2,
        "failed": 0,
        "waiting": 0,
        "done": True,
    }


def test_broken_off_it_goes_on_where_it_was(ada, alice, moira, mallory, monkeypatch):
    monkeypatch.setattr(broadcasts, "PORTION", 1)
    made, real = announce(ada, **NEWS), broadcasts.tell
    calls = []

    def breaks(rows):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the database went away")
        return real(rows)

    monkeypatch.setattr(broadcasts, "tell", breaks)
    with pytest.raises(RuntimeError):
        tell_everybody(made.pk)
    assert (progress(made.pk).broadcast.told, progress(made.pk).broadcast.done_at) == (1, None)
    assert tell_everybody(made.pk) == 2
    assert len(told(made)) == progress(made.pk).broadcast.told == 3


def test_whoever_comes_later_is_not_told(ada, alice):
    made = announce(ada, **NEWS)
    User.objects.create_user("late")
    tell_everybody(made.pk)
    assert told(made) == {alice.username}


def test_low_rings_nowhere_and_high_in_quiet_hours_too(ada, alice, phones):
    now = timezone.now()
    hours = {
        "quiet_from": now.replace(hour=0, minute=0).time(),
        "quiet_to": now.replace(hour=23, minute=59).time(),
    }
    change_preferences(alice, hours, time_zone="UTC")
    phone = phones.give(alice)
    for priority in ("low", "normal", "high"):
        tell_everybody(announce(ada, priority, "words", priority).pk)
    with draining():
        wait(lambda: phones.data(phone))
        wait(lambda: not Delivery.objects.filter(state="queued").exclude(next_try_at__gt=timezone.now()))
    assert [one["title"] for one in phones.data(phone)] == ["high"]
    assert Notification.objects.filter(user=alice).count() == 3


def test_whoever_switched_announcements_off_is_not_rung(ada, alice, phones):
    phones.give(alice)
    change_preferences(alice, {"broadcasts": False})
    tell_everybody(announce(ada, **NEWS).pk)
    assert not Delivery.objects.exists()


def test_the_system_shows_it_where_the_app_shows_tickets_alone(ada, alice, phones):
    phone = phones.give(alice)
    made = announce(ada, **NEWS)
    with draining():
        tell_everybody(made.pk)
        wait(lambda: phones.data(phone))
    [message] = [one["message"] for one in phones.fcm.accepted(phone)]
    assert message["android"]["notification"]["title"] == "News"
    assert "ticket_id" not in message["data"]


def test_a_channel_gets_it_once(client_of, ada, channel):
    answer = announced(client_of(ada), channel_id="77", client_nonce="n1")
    again = announced(client_of(ada), channel_id="77", client_nonce="n1")
    assert answer.json() == again.json()
    [row] = Delivery.objects.filter(transport="discord")
    assert (row.target, row.payload["embeds"][0]["title"]) == ("channel:77", "News")
    assert progress(answer.json()["broadcast_id"]).discord == "queued"


def test_a_nonce_is_for_one_body(client_of, ada):
    assert announced(client_of(ada), client_nonce="n1").status_code == 202
    answer = announced(client_of(ada), client_nonce="n1", title="Other news")
    assert (answer.status_code, answer.json()["code"]) == (409, "nonce_reused")
    assert Broadcast.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"title": ""}, 400),
        ({"title": "x" * 101}, 400),
        ({"message": " "}, 400),
        ({"message": "x" * 2001}, 400),
        ({"priority": "urgent"}, 400),
        ({"channel_id": "general"}, 400),
        ({"channel_id": "78"}, 409),
        ({"colour": "red"}, 400),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_told(client_of, ada, alice, change, status):
    assert announced(client_of(ada), **change).status_code == status
    assert not Broadcast.objects.exists()
    assert not Job.objects.filter(task="notifications.jobs.tell_everybody").exists()


def test_a_preview_tells_nobody(client_of, ada, alice, moira, phones):
    phones.give(alice)
    answer = client_of(ada).post("/api/admin/broadcast/preview", NEWS, format="json").json()
    assert (answer["recipients"], answer["devices"], answer["title"]) == (2, 1, "News")
    assert not Broadcast.objects.exists()


def test_the_rule_stands_in_the_service(moira, alice):
    for actor in (moira, alice):
        with pytest.raises(NotAllowed):
            announce(actor, **NEWS)


@pytest.mark.parametrize("key", ["0", "x", "9" * 30, "2"])
def test_an_unknown_one_is_404(client_of, ada, key):
    assert client_of(ada).get(f"/api/admin/broadcast/{key}").status_code == 404


def test_the_list_goes_by_pages_and_asks_as_often_for_many(client_of, ada, django_assert_max_num_queries):
    for number in range(5):
        announce(ada, f"News {number}", "words")
    client = client_of(ada)
    first = client.get("/api/admin/broadcast?limit=3").json()
    rest = client.get(f"/api/admin/broadcast?limit=3&cursor={first['next_cursor']}").json()
    titles = [one["title"] for one in first["broadcasts"] + rest["broadcasts"]]
    assert titles == [f"News {number}" for number in (4, 3, 2, 1, 0)]
    with django_assert_max_num_queries(3):
        client.get("/api/admin/broadcast?limit=5")


def test_it_is_made_in_the_admin_too(client, ada, alice):
    client.force_login(ada)
    address = "/admin/notifications/broadcast/add/"
    refused = client.post(address, NEWS | {"priority": "normal", "channel_id": "78"})
    assert "knows no text channel" in refused.content.decode()
    assert client.post(address, NEWS | {"priority": "high"}).status_code == 302
    assert (Broadcast.objects.get().priority, Broadcast.objects.get().recipients) == ("high", 1)


def test_moderators_make_none_in_the_admin(client, moira):
    client.force_login(moira)
    assert client.get("/admin/notifications/broadcast/add/").status_code == 403
