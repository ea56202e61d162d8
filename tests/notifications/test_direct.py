"""What rang nowhere is said as a direct message, to a Discord on loopback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from bot.models import Mirror
from botconfig import discord_posts
from botconfig.models import GuildMember
from hazesite.outgoing.models import Delivery
from notifications import direct
from notifications.direct import DIRECT
from notifications.mail.models import MailAddress
from notifications.models import Notification
from notifications.services import change_preferences
from notifications.services.broadcasts import announce, tell_everybody
from tests.notifications.worker import do_jobs, wait
from tests.outgoing.conftest import draining
from tests.servers.conftest import discord_server  # noqa: F401 - a fixture
from tickets import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
State = Delivery.State


@pytest.fixture
def discord(discord_server, settings, monkeypatch):  # noqa: F811
    settings.DISCORD_TOKEN, settings.DISCORD_API_URL = discord_server.token, discord_server.api_url
    monkeypatch.setattr(discord_posts, "_direct", {})
    monkeypatch.setattr(direct, "DELAY", timedelta(0))
    return discord_server


@pytest.fixture
def alice(discord, alice) -> User:
    """A member of the guild."""
    alice.discord_id = discord.people.make_member("alice")
    alice.save()
    GuildMember.objects.create(id=alice.discord_id, name="alice", display_name="alice")
    return alice


def said(discord, user: User) -> list[dict]:
    shown = discord.people.direct_messages(user.discord_id)
    return [embed for one in shown for embed in one["embeds"]]


def settled() -> None:
    """Whatever there is to say was said, or is not to be said."""
    do_jobs()
    with draining():
        wait(lambda: not Delivery.objects.waiting().filter(transport=DIRECT).exists())


def reasons() -> list[str]:
    return list(Delivery.objects.filter(transport=DIRECT).order_by("pk").values_list("reason", flat=True))


def test_all_that_waits_is_said_at_once(discord, ticket, alice, moira):
    services.post_message(ticket.public_id, moira, "Hello")
    services.post_message(ticket.public_id, moira, "Are you there?")
    settled()
    [embed] = said(discord, alice)
    assert embed["title"] == f"#{ticket.pk} It does not start"
    assert embed["description"] == "moira: Hello\nmoira: Are you there?"
    assert ticket.public_id in embed["url"]


def test_it_waits_ten_minutes(discord, ticket, alice, moira, monkeypatch):
    monkeypatch.setattr(direct, "DELAY", timedelta(minutes=10))
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    [row] = Delivery.objects.filter(transport=DIRECT)
    assert row.next_try_at > timezone.now() + timedelta(minutes=9)
    Delivery.objects.filter(pk=row.pk).update(next_try_at=timezone.now())
    with draining():
        wait(lambda: Delivery.objects.get(pk=row.pk).next_try_at > timezone.now() + timedelta(minutes=9))
    assert said(discord, alice) == []


def read_it(ticket, alice):
    services.mark_read(ticket.public_id, alice)


def switch_it_off(ticket, alice):
    change_preferences(alice, {"direct_messages": False})


def leave_the_guild(ticket, alice):
    GuildMember.objects.all().delete()


def confirm_an_address(ticket, alice):
    MailAddress.objects.create(user=alice, address="alice@mail.example", confirmed_at=timezone.now())


def get_a_channel(ticket, alice):
    Mirror.objects.create(ticket=ticket, place="channel", channel_id=5)


def ring(ticket, alice):
    [one] = Notification.objects.filter(user=alice)
    facts = {"thing": f"notification:{one.pk}", "payload": {"notification": one.pk}}
    ended = {"state": State.SENT, "next_try_at": None, "sent_at": timezone.now()}
    Delivery.objects.create(transport="push", target="1", **facts, **ended)


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (read_it, "Read."),
        (switch_it_off, "Not wanted any more."),
        (leave_the_guild, "Not in the guild any more, or mailed by now."),
        (confirm_an_address, "Not in the guild any more, or mailed by now."),
        (get_a_channel, "It is read in the ticket's channel."),
        (ring, "A device rang."),
    ],
)
def test_what_happened_meanwhile_counts(deed, reason, discord, ticket, alice, moira):
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    deed(ticket, alice)
    settled()
    assert (said(discord, alice), reasons()) == ([], [reason])


@pytest.mark.parametrize("deed", [leave_the_guild, confirm_an_address, get_a_channel])
def test_nothing_is_queued_for_who_hears_of_it_elsewhere(deed, discord, ticket, alice, moira):
    deed(ticket, alice)
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    assert not Delivery.objects.filter(transport=DIRECT).exists()


def test_an_announcement_is_said_too(discord, alice, ada):
    tell_everybody(announce(ada, "News", "There is some.").pk)
    settled()
    [embed] = said(discord, alice)
    assert (embed["title"], embed["description"]) == ("News", "There is some.")


def test_private_says_no_words(discord, ticket, alice, moira):
    change_preferences(alice, {"private": True})
    services.post_message(ticket.public_id, moira, "A secret")
    settled()
    assert [embed["description"] for embed in said(discord, alice)] == ["A new message."]
    assert [embed["title"] for embed in said(discord, alice)] == [f"#{ticket.pk}"]


def test_without_a_bot_nothing_is_queued(discord, settings, ticket, alice, moira):
    settings.DISCORD_TOKEN = ""
    services.post_message(ticket.public_id, moira, "Hello")
    do_jobs()
    assert not Delivery.objects.exists()


def test_it_may_be_switched_off_over_the_api(client_of, alice):
    client, url = client_of(alice), "/api/notifications/preferences"
    assert client.get(url).json()["direct_messages"] is True
    assert client.put(url, {"direct_messages": False}).json()["direct_messages"] is False
