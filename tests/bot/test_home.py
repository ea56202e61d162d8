"""The bot is thrown out of its guild, comes back, and says goodbye to Discord when it ends."""

from __future__ import annotations

import pytest

from tests.servers.discord.permissions import Permission

pytestmark = [pytest.mark.workers, pytest.mark.once]


@pytest.fixture(autouse=True)
def at_home(community):
    yield
    if not community.bot_is_member():
        community.discord.operations.invite_bot()


def commands(community):
    return [one["name"] for one in community.discord.people.dump()["commands"]]


def outside(community):
    """How often the bot noticed that the guild is not there."""
    return community.bot.log.count("bot_is_not_in_the_guild")


def mirror(community, ticket):
    return community.client("moira").get(f"/api/tickets/{ticket['ticket_id']}/discord").json()


def test_who_was_thrown_out_and_is_brought_back_goes_on(community):
    ticket = community.site.open_ticket("alice", "Before it was thrown out")
    place = community.place(ticket["ticket_num"])["id"]
    community.wait(lambda: len(community.said(place)) == 1)
    alone = outside(community)
    community.discord.operations.kick_bot()
    community.wait(lambda: outside(community) > alone)
    community.send("alice", ticket["ticket_id"], "Nobody in Discord hears this yet.")
    other = community.site.open_ticket("alice", "Opened while it was out")
    assert other["status"] == "open"
    assert mirror(community, other)["channel_id"] is None
    community.discord.operations.invite_bot()
    community.wait(lambda: len(community.said(place)) == 2)
    assert community.place(other["ticket_num"])["kind"] == "text"
    community.wait(lambda: "ticket" in commands(community))


def test_who_starts_outside_and_is_invited_begins_to_work(community):
    community.bot.stop()
    community.discord.operations.kick_bot()
    community.bot.start()
    community.wait(community.connected, 30)
    ticket = community.site.open_ticket("alice", "It is not there yet")
    community.wait(community.works, 30)
    assert community.place_of(ticket["ticket_num"]) is None
    nora = community.people["nora"]
    community.discord.operations.invite_bot()
    community.place(ticket["ticket_num"])
    community.wait(lambda: "ticket" in commands(community))
    opened = community.open_in_discord(nora, "Invited again", "The commands are back, are they not?")
    assert community.place(opened["ticket_num"])


def test_a_guild_that_was_away_is_read_on_from_where_it_was(community):
    nora, operations = community.people["nora"], community.discord.operations
    ticket = community.open_in_discord(nora, "The guild is away", "It is gone for a while.")
    place = community.place(ticket["ticket_num"])["id"]
    alone = outside(community)
    operations.take_guild_away()
    community.wait(lambda: outside(community) > alone)
    community.discord.people.write(nora, place, "Can anybody read this?")
    community.send("moira", ticket["ticket_id"], "Not yet.")
    operations.bring_guild_back()
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 3)
    community.wait(lambda: len(community.said(place)) == 3)


def test_a_history_that_the_bot_may_not_read_removes_nothing(community):
    """Discord shows it as empty, which is not what a channel looks like whose messages were deleted."""
    nora, people = community.people["nora"], community.discord.people
    bot = community.discord.community.bot.id
    ticket = community.open_in_discord(nora, "Nobody may read", "It is here to stay, is it not?")
    place = community.place(ticket["ticket_num"])["id"]
    people.write(nora, place, "I hope so.")
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 2)
    before = people.channel(place)["overwrites"][bot]
    history = int(Permission.READ_MESSAGE_HISTORY)
    people.set_overwrite(place, bot, allow=before["allow"] & ~history, deny=history)
    again(community)
    community.wait(lambda: "channel_not_readable" in community.bot.log)
    people.write(nora, place, "Still here?")
    community.wait(lambda: len(community.told(ticket["ticket_id"])) == 3)
    people.set_overwrite(place, bot, **before)
    again(community)
    community.send("moira", ticket["ticket_id"], "It is.")
    community.wait(lambda: len(community.said(place)) == 4)
    assert len(community.told(ticket["ticket_id"])) == 4


def again(community):
    """A new session of the bot, which asks for everything."""
    before = community.bot.log.count("bot_connected")
    community.discord.operations.pause_gateway()
    community.discord.operations.unpause_gateway()
    community.wait(lambda: community.bot.log.count("bot_connected") > before, 30)


def test_a_bot_that_ends_takes_its_session_with_it(community):
    before = len(community.discord.operations.goodbyes())
    assert community.bot.stop() == 0
    assert community.discord.operations.goodbyes()[before:] == [1000]
    community.bot.start()
    community.wait(community.works, 30)
