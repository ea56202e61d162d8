"""Who types is seen on the other side where a Redis connects the site and the bot, and only there."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest
from websockets.sync.client import connect

from tests.backends import private_redis
from tests.bot.town import town

pytestmark = [pytest.mark.workers, pytest.mark.redis]


@pytest.fixture(scope="module")
def redis():
    with private_redis() as running:
        yield running


@pytest.fixture(scope="module")
def community(redis, tmp_path_factory):
    """Both processes talk through a Redis of their own."""
    with town(tmp_path_factory.mktemp("town"), REDIS_URL=redis.address) as made:
        yield made


@pytest.fixture
def shared(community, request):
    return talk(community, request.node.name[:90])


def talk(community, subject):
    """A ticket of nora's and its channel."""
    ticket = community.open_in_discord(community.people["nora"], subject, "I type, you type, we all type.")
    return ticket["ticket_id"], community.place(ticket["ticket_num"])["id"]


@contextmanager
def desk(community, ticket_id, name="moira"):
    """A socket of somebody's at the ticket, joined."""
    address = f"ws://127.0.0.1:{community.site.port}/ws/tickets/{ticket_id}/"
    with connect(address, subprotocols=["bearer", community.site.token(name)]) as socket:
        assert heard(socket, "joined_ticket")
        yield socket


def heard(socket, kind, seconds=5.0):
    """The next frame of this kind; None when none comes."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            frame = json.loads(socket.recv(timeout=left))
        except TimeoutError:
            return None
        if frame["type"] == kind:
            return frame
    return None


def test_who_types_in_discord_is_seen_at_the_site(community, shared):
    ticket_id, place = shared
    with desk(community, ticket_id) as moira:
        community.discord.people.types(community.people["nora"], place)
        frame = heard(moira, "typing")
        assert (frame["ticket_id"], frame["user_name"]) == (ticket_id, "nora")


def test_who_types_at_the_site_is_seen_in_discord(community, shared):
    ticket_id, place = shared
    bot = community.discord.community.bot.id
    with desk(community, ticket_id) as moira:
        moira.send(json.dumps({"type": "typing"}))
        community.wait(lambda: community.types(place) == [bot], 5)
        moira.send(json.dumps({"type": "typing"}))
        time.sleep(1)
        assert community.types(place) == [bot]  # Discord shows it for ten seconds
        assert heard(moira, "typing", 0.5) is None  # the bot does not tell it back


def test_a_discord_that_takes_no_typing_does_not_matter(community, shared):
    ticket_id, place = shared
    community.discord.operations.fault("POST", r"/typing$", status=403, times=1)
    with desk(community, ticket_id) as moira:
        moira.send(json.dumps({"type": "typing"}))
        community.wait(lambda: "typing_not_shown" in community.bot.log, 5)
    community.send("moira", ticket_id, "It comes all the same.")
    community.wait(lambda: ("moira", "It comes all the same.") in community.said(place))


def test_typing_goes_on_after_redis_was_away(community, shared, redis):
    ticket_id, place = shared
    redis.process.kill()
    redis.process.wait()
    community.discord.people.types(community.people["nora"], place)
    redis.process = redis.start()
    redis.await_ready()
    with desk(community, ticket_id) as moira:

        def seen():
            community.discord.people.types(community.people["nora"], place)
            return heard(moira, "typing", 1)

        assert community.wait(seen, 20)["user_name"] == "nora"


def test_without_redis_typing_stays_on_its_side_and_messages_cross(tmp_path):
    with town(tmp_path, REDIS_URL="") as alone:
        ticket_id, place = talk(alone, "Without Redis")
        with desk(alone, ticket_id) as moira:
            alone.discord.people.types(alone.people["nora"], place)
            moira.send(json.dumps({"type": "typing"}))
            assert heard(moira, "typing", 2) is None
            assert alone.types(place) == [alone.people["nora"]]
            alone.discord.people.write(alone.people["nora"], place, "Here I am.")
            alone.wait(lambda: ("nora", "Here I am.") in alone.told(ticket_id))
            message = heard(moira, "new_message", 10)
            assert message["message"] == "Here I am."
