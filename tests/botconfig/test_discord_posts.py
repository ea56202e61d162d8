"""What the site says in Discord by itself, to a Discord on loopback."""

from __future__ import annotations

import pytest
from django.db import transaction

from botconfig import discord_posts
from botconfig.discord_posts import DISCORD, channel, person
from hazesite.outgoing.models import Delivery
from hazesite.outgoing.services import queue
from tests.notifications.worker import wait
from tests.outgoing.conftest import draining
from tests.servers.conftest import discord_server  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN_UP, SENT = Delivery.State.GIVEN_UP, Delivery.State.SENT


@pytest.fixture
def discord(discord_server, settings, monkeypatch):  # noqa: F811
    settings.DISCORD_TOKEN, settings.DISCORD_API_URL = discord_server.token, discord_server.api_url
    monkeypatch.setattr(discord_posts, "_direct", {})
    return discord_server


def said(target: str, thing: str = "announcement:1", **payload: object) -> Delivery:
    with transaction.atomic():
        queue([Delivery(transport=DISCORD, target=target, thing=thing, payload=payload)])
    return Delivery.objects.get(thing=thing, target=target)


def settled(row: Delivery, state: str) -> Delivery:
    with draining():
        wait(lambda: Delivery.objects.filter(pk=row.pk, state=state).exists())
    row.refresh_from_db()
    return row


def test_a_post_stands_in_its_channel_and_pings_nobody(discord):
    alice = discord.people.make_member("alice")
    row = said(channel(discord.general_id), content=f"@everyone and <@{alice}>", embeds=[{"title": "News"}])
    settled(row, SENT)
    [shown] = discord.people.messages(discord.general_id)
    assert shown["content"] == f"@everyone and <@{alice}>"
    assert [one["title"] for one in shown["embeds"]] == ["News"]
    assert shown["pinged"] == []
    assert not shown["mention_everyone"]


def test_only_those_it_names_are_pinged(discord):
    alice, bob = (discord.people.make_member(name) for name in ("alice", "bob"))
    words = f"<@{alice}> rose, <@{bob}>"
    settled(said(channel(discord.general_id), content=words, pings={"users": [str(alice)]}), SENT)
    [shown] = discord.people.messages(discord.general_id)
    assert shown["pinged"] == [alice]


def test_a_direct_message_arrives_and_its_channel_is_asked_for_once(discord):
    alice = discord.people.make_member("alice")
    settled(said(person(alice), content="first"), SENT)
    settled(said(person(alice), thing="announcement:2", content="second"), SENT)
    assert [one["content"] for one in discord.people.direct_messages(alice)] == ["first", "second"]
    opened = [one for one in discord.people.requests() if one["path"].endswith("/users/@me/channels")]
    assert len(opened) == 1


def test_an_answer_that_got_lost_makes_no_second_message(discord):
    discord.operations.fault("POST", r"/channels/\d+/messages", "do and cut")
    row = said(channel(discord.general_id), content="once")
    with draining():
        wait(lambda: Delivery.objects.filter(pk=row.pk, state=Delivery.State.FAILED).exists())
        Delivery.objects.filter(pk=row.pk).update(next_try_at=row.created_at)
        wait(lambda: Delivery.objects.filter(pk=row.pk, state=SENT).exists())
    assert [one["content"] for one in discord.people.messages(discord.general_id)] == ["once"]


def test_a_person_who_takes_no_messages_is_given_up_with_the_reason(discord):
    alice = discord.people.make_member("alice")
    discord.people.take_direct_messages(alice, on=False)
    row = settled(said(person(alice), content="hello"), GIVEN_UP)
    assert "Cannot send messages to this user" in row.reason


def test_an_unknown_channel_is_given_up_and_a_failing_discord_asked_again(discord):
    assert "Unknown Channel" in settled(said(channel(12345), content="hello"), GIVEN_UP).reason
    discord.operations.rest_down(503)
    row = settled(said(channel(discord.general_id), content="later"), Delivery.State.FAILED)
    assert row.attempts == 1


def test_a_limit_is_waited_for(discord):
    discord.operations.fault("POST", r"/channels/\d+/messages", status=429, retry_after=40)
    row = settled(said(channel(discord.general_id), content="hello"), Delivery.State.FAILED)
    assert (row.next_try_at - row.created_at).total_seconds() > 38


def test_without_a_bot_it_waits_and_the_waiting_is_no_failure(discord, settings):
    settings.DISCORD_TOKEN = ""
    row = said(channel(discord.general_id), content="hello")
    with draining():
        wait(lambda: Delivery.objects.filter(pk=row.pk, next_try_at__gt=row.next_try_at).exists())
        wait(lambda: Delivery.objects.filter(pk=row.pk, drainer="").exists())
    row.refresh_from_db()
    assert (row.state, row.attempts) == (Delivery.State.QUEUED, 0)
    assert discord.people.messages(discord.general_id) == []
