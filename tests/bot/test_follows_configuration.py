"""A change of the configuration is in force in the running bot within two seconds, without a restart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.bot.town import Town
from tests.serving import ROOT

pytestmark = [pytest.mark.workers, pytest.mark.once]
SECONDS = 2.0
VIEW = 1 << 10


@pytest.fixture(scope="module", autouse=True)
def worker(community: Town) -> Iterator[None]:
    """What follows at the site from a change of the roles is a job."""
    site = community.site
    with (site.data / "worker.out").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "worker"],
            env=site.surroundings(),
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    community.wait(lambda: knows_the_guild(community), 30)
    yield
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def knows_the_guild(community: Town) -> bool:
    """What is not there is refused then; each time another id, for an accepted one is no change again."""
    ada = community.client("ada")
    answer = ada.put("/api/config/channels", json={"todo_channel_id": time.time_ns()})
    if answer.status_code == 409:
        ada.post("/api/config/channels/reset").raise_for_status()
    return answer.status_code == 409


def put(community: Town, section: str, **values: object) -> float:
    """When it was acknowledged."""
    community.client("ada").put(f"/api/config/{section}", json=values).raise_for_status()
    return time.monotonic()


def in_time(community: Town, since: float, until) -> None:
    community.wait(until)
    assert time.monotonic() - since <= SECONDS


def nickname(community: Town) -> str | None:
    me = community.discord.community.bot.id
    return next(one["nick"] for one in community.discord.people.dump()["members"] if one["id"] == me)


def test_its_name(community):
    since = put(community, "general", bot_name="Hazel")
    in_time(community, since, lambda: nickname(community) == "Hazel")
    since = put(community, "general", bot_name="H" * 40)
    in_time(community, since, lambda: nickname(community) == "H" * 32)
    community.client("ada").post("/api/config/general/reset").raise_for_status()
    in_time(community, time.monotonic(), lambda: nickname(community) is None)


@pytest.mark.parametrize("mode", ["cut", "answer"])
def test_its_name_when_discord_did_not_answer(community, mode):
    """The bot looks again five seconds later, and goes on doing so."""
    operations = community.discord.operations
    operations.fault("PATCH", r"/members/@me$", mode, times=1, status=400)
    put(community, "general", bot_name=f"Hazel {mode}")
    community.wait(lambda: nickname(community) == f"Hazel {mode}", 15)
    assert operations.faults_met()[-1] == 1
    community.client("ada").post("/api/config/general/reset").raise_for_status()
    community.wait(lambda: nickname(community) is None, 15)


def test_how_often_its_presence_is_renewed(community):
    community.site.open_ticket("alice", "Counted")
    shown = community.discord.operations.presences
    count = len(community.wait(shown))
    time.sleep(10)  # the shortest interval there is: it is over when it becomes the one
    assert len(shown()) == count
    since = put(community, "general", presence_update_interval=10)
    in_time(community, since, lambda: len(shown()) > count)
    assert shown()[-1].endswith(" open tickets")


def test_typed_commands(community):
    """Their prefix, how patient the bot is, and what it takes for a slip of the keys."""
    people, nora = community.discord.people, community.people["nora"]
    channel = people.make_channel("chatter")

    def said():
        """The bot's first words; its answers may come between what is typed."""
        return [one["content"].split(" ")[0] for one in people.messages(channel) if one["author_id"] != nora]

    def answers(*typed, expected):
        before = len(said())
        time.sleep(SECONDS)  # in which a change has to be followed
        for one in typed:
            people.write(nora, channel, one)
        deadline = time.monotonic() + 15
        while len(said()) < before + expected and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)  # in which another would come
        return said()[before:]

    put(community, "general", command_prefix="?", message_cooldown=0)
    assert answers("!ping", "?ping", "?PING", "? what", "?", "??", "a ?ping", expected=2) == [
        "Pong!",
        "Pong!",
    ]
    assert answers("?pnig", "?nonsense", expected=1) == ["Did"]
    put(community, "general", fuzzy_matching_threshold=1)
    assert answers("?pnig", "?help", expected=1) == ["**/clear**"]
    put(community, "general", message_cooldown=3600)
    assert answers("?ping", "?ping", "?status", expected=1) == ["Pong!"]
    put(community, "general", command_prefix="hey ", message_cooldown=0)
    assert answers("?ping", expected=0) == []
    community.client("ada").post("/api/config/general/reset").raise_for_status()


def test_rules_and_words_of_welcome(community):
    people = community.discord.people
    rules, welcome = people.make_channel("rules"), people.make_channel("welcome")
    put(community, "channels", welcome_rules_channel_id=str(rules), welcome_public_channel_id=str(welcome))
    since = put(community, "welcome", rules_text="Be kind.")
    shown = lambda: [one["embeds"][0]["description"] for one in people.messages(rules)]  # noqa: E731
    in_time(community, since, lambda: shown() == ["Be kind."])
    since = put(community, "welcome", rules_text="Be kind, always.")
    in_time(community, since, lambda: shown() == ["Be kind, always."])
    since = put(community, "welcome", welcome_messages=["Hello {name}, have a seat."])
    people.make_member("zoe")
    greeted = lambda: [one["content"] for one in people.messages(welcome)]  # noqa: E731
    in_time(community, since, lambda: any("have a seat" in one for one in greeted()))


def test_the_category_of_tickets(community):
    category = community.discord.people.make_channel("Help desk", "category")
    put(community, "channels", tickets_category_id=str(category))
    ticket = community.site.open_ticket("alice", "In the other category")
    assert community.place(ticket["ticket_num"])["parent_id"] == category


def test_the_channel_of_transcripts(community):
    ticket = community.site.open_ticket("alice", "Written down")
    community.place(ticket["ticket_num"])
    channel = community.discord.people.make_channel("transcripts")
    put(community, "channels", transcript_channel_id=str(channel))
    community.client("moira").post(f"/api/tickets/{ticket['ticket_id']}/close").raise_for_status()
    community.wait(lambda: "Written down" in str(community.discord.people.messages(channel)))


def test_the_roles_of_the_staff(community_without_roles):
    """Also in channels that are there: who is no moderator any more reads no further."""
    town, people = community_without_roles, community_without_roles.discord.people
    helpers, guides = people.make_role("Helper"), people.make_role("Guide")
    hanna, greta = people.make_member("hanna", roles=[helpers]), people.make_member("greta", roles=[guides])
    put(town, "roles", moderator_role_id=str(helpers))
    ticket = town.site.open_ticket("alice", "Who reads this")
    place = town.place(ticket["ticket_num"])["id"]
    readers = lambda: [one for one in (hanna, greta) if people.may(one, place) & VIEW]  # noqa: E731
    assert readers() == [hanna]
    since = put(town, "roles", moderator_role_id=str(guides))
    in_time(town, since, lambda: readers() == [greta])
    answer = town.discord.interface.slash(hanna, town.discord.general_id, "clear", {"count": 1})
    assert "may not" in town.words(answer)
    since = time.monotonic()
    town.client("ada").post("/api/config/roles/rollback", json={"version": 1}).raise_for_status()
    in_time(town, since, lambda: readers() == [hanna])


def test_the_roles_of_the_staff_when_discord_did_not_answer(community_without_roles):
    """Whoever is no moderator any more must not read on because one answer was cut off."""
    town, people = community_without_roles, community_without_roles.discord.people
    helpers, guides = people.make_role("First helper"), people.make_role("First guide")
    henry, gail = people.make_member("henry", roles=[helpers]), people.make_member("gail", roles=[guides])
    put(town, "roles", moderator_role_id=str(helpers))
    place = town.place(town.site.open_ticket("alice", "Who goes on reading")["ticket_num"])["id"]
    town.discord.operations.fault("PUT", r"/permissions/", "cut", times=2)  # the first one aiohttp asks again
    put(town, "roles", moderator_role_id=str(guides))
    town.wait(lambda: [one for one in (henry, gail) if people.may(one, place) & VIEW] == [gail], 20)
    assert town.discord.operations.faults_met()[-1] == 2
    town.client("ada").post("/api/config/roles/reset").raise_for_status()


@pytest.fixture(scope="module")
def community_without_roles(tmp_path_factory) -> Iterator[Town]:
    from tests.bot.town import town

    with town(tmp_path_factory.mktemp("roles"), ADMIN_ROLE_ID="", MODERATOR_ROLE_ID="") as made:
        yield made


def test_a_change_made_while_the_bot_was_away_is_verified_when_it_is_back(community):
    ada = community.client("ada")
    community.bot.stop()
    answer = ada.put("/api/config/channels", json={"log_channel_id": "4711"})
    assert (answer.status_code, answer.headers["X-Verification"]) == (200, "unverified")
    community.bot.start()
    found = lambda: ada.get("/api/config/channels/verification").json()  # noqa: E731
    community.wait(lambda: found()["state"] == "failed", 30)
    assert [one["code"] for one in found()["problems"]] == ["unknown_channel"]
    assert "configuration_not_carried_out" in community.bot.log
    ada.put("/api/config/channels", json={"log_channel_id": None}).raise_for_status()
    community.wait(lambda: found()["state"] == "verified", 30)
