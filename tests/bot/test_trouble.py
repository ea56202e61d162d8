"""Whatever ends in between: both sides hold the same messages, once, in order."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.bot.town import BotProcess, town
from tests.serving import ROOT

BURST = 200
pytestmark = [pytest.mark.workers, pytest.mark.once]


@pytest.fixture
def shared(community):
    """A ticket of nora's, in the app and in Discord."""
    nora = community.people["nora"]
    ticket = community.open_in_discord(nora, "In trouble", "Everything goes wrong around here.")
    place = community.place(ticket["ticket_num"])["id"]
    community.wait(lambda: community.said(place))
    yield ticket["ticket_id"], place
    community.discord.operations.clear_faults()
    community.client("ada").delete(f"/api/tickets/{ticket['ticket_id']}")


def same(community, shared, count):
    ticket_id, place = shared

    def equal():
        told, said = community.told(ticket_id), community.said(place)
        return len(told) == count and sorted(told) == sorted(said)

    community.wait(equal, 40)


@pytest.mark.parametrize("code", [4000, 4009, 1000])
def test_a_closed_gateway(community, shared, code):
    ticket_id, place = shared
    community.discord.operations.close_gateway(code)
    community.discord.people.write(community.people["nora"], place, f"while it is closed {code}")
    community.send("moira", ticket_id, f"from the app {code}")
    same(community, shared, 3)


def test_an_invalidated_session(community, shared):
    ticket_id, place = shared
    community.discord.operations.pause_gateway()
    community.discord.people.write(community.people["nora"], place, "nobody hears me")
    community.send("moira", ticket_id, "nor me")
    community.discord.operations.unpause_gateway()
    same(community, shared, 3)


@pytest.mark.parametrize("mode", ["do and cut", "do and hang"])
def test_a_message_that_arrived_though_the_answer_did_not(community, shared, mode):
    ticket_id, _place = shared
    more = {"seconds": 3} if mode == "do and hang" else {}
    community.discord.operations.fault("POST", r"^/webhooks/\d+/", mode, times=1, **more)
    for number in range(3):
        community.send("moira", ticket_id, f"answer {number}")
    same(community, shared, 4)


@pytest.mark.parametrize("status", [500, 503])
def test_discord_answers_with_errors_for_a_while(community, shared, status):
    ticket_id, _place = shared
    community.discord.operations.fault("POST", r"^/webhooks/\d+/", status=status, times=2)
    community.send("moira", ticket_id, "first")
    community.send("moira", ticket_id, "second")
    same(community, shared, 3)
    assert [text for _name, text in community.said(shared[1])][1:] == ["first", "second"]


def test_the_bot_is_killed_between_sent_and_noted(community, shared):
    ticket_id, place = shared
    community.discord.operations.fault("POST", r"^/webhooks/\d+/", "do and hang", times=1, seconds=30)
    community.send("moira", ticket_id, "sent, and never noted")
    community.wait(lambda: ("moira", "sent, and never noted") in community.said(place))
    community.bot.kill()
    community.discord.people.write(community.people["nora"], place, "is anybody there?")
    community.send("moira", ticket_id, "we are back")
    community.discord.operations.clear_faults()
    community.bot.start()
    same(community, shared, 4)


def test_one_of_two_bots_acts(community, shared):
    ticket_id, _place = shared
    other = BotProcess(community.site).start()
    try:
        for number in range(5):
            community.send("moira", ticket_id, f"number {number}")
        same(community, shared, 6)
        assert community.discord.operations.gateway_state()["connected"] == 1
    finally:
        assert other.stop() == 0


def test_a_burst_drains_at_discords_pace_and_does_not_hold_up_the_others(community, shared):
    ticket_id, place = shared
    count, seconds = 20, 1.0
    community.discord.operations.limit("POST /webhooks/{webhook}/{token}", count, seconds)
    community.discord.operations.forget_requests()
    for number in range(BURST):
        community.send("moira", ticket_id, f"burst {number}")
    other = community.site.open_ticket("alice", "In a hurry")
    there = community.place(other["ticket_num"], 10)["id"]
    community.wait(lambda: community.said(there), 5)
    community.send("moira", other["ticket_id"], "In time")
    community.wait(lambda: ("moira", "In time") in community.said(there), 5)

    def drained():
        return len(community.said(place)) == BURST + 1

    community.wait(drained, 60)
    assert [text for _name, text in community.said(place)][1:] == [f"burst {one}" for one in range(BURST)]
    times = [one["at"] for one in community.discord.people.messages(place) if one["webhook_id"]][1:]
    assert times[-1] - times[0] >= (BURST / count - 2) * seconds


def test_a_state_of_each_message_is_shown_to_staff(community, shared):
    ticket_id, _place = shared
    community.discord.operations.fault("POST", r"^/webhooks/\d+/", status=403, times=None)
    message = community.send("moira", ticket_id, "it cannot arrive")

    def state():
        body = community.client("moira").get(f"/api/tickets/{ticket_id}/discord").json()
        return next(one for one in body["messages"] if one["id"] == message["id"])

    community.wait(lambda: state()["state"] == "failed")
    assert "403" in state()["error"]
    assert state()["next_try"]
    community.discord.operations.clear_faults()
    community.wait(lambda: state()["state"] == "sent", 40)


def test_a_wrong_token_is_one_sentence(community):
    surroundings = community.site.surroundings() | {"DISCORD_TOKEN": "MTA.wrong"}
    community.bot.stop()
    try:
        command = [sys.executable, str(ROOT / "manage.py"), "runbot"]
        done = subprocess.run(command, env=surroundings, cwd=ROOT, capture_output=True, timeout=30)
        assert done.returncode == 78
        assert b"Discord refuses DISCORD_TOKEN" in done.stdout + done.stderr
    finally:
        community.bot.start()
        community.wait(community.connected, 30)


def test_missing_intents_are_one_sentence(tmp_path):
    with town(tmp_path) as made:
        made.bot.stop()
        made.discord.operations.switch_intents(0)
        made.bot.start()
        assert made.bot.process.wait(30) == 78
        assert "Server Members Intent" in made.bot.log
