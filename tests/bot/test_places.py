"""Where tickets are in Discord when there is no room for a channel, or no permission to make one."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.servers.discord.permissions import BOT, Permission
from tests.servers.discord.places import CHANNELS, CHANNELS_IN_CATEGORY
from tests.servers.discord.state import Channel, ChannelKind

pytestmark = [pytest.mark.workers, pytest.mark.once]
BEGUN = [("alice", "Since this morning nothing happens.")]


@pytest.fixture(autouse=True)
def many_tickets(community):
    configure(community, "tickets", max_open_per_user=100, discord_private_threads=False)
    yield
    configure(community, "tickets", discord_private_threads=False)


def configure(community, section, **values):
    community.client("ada").put(f"/api/config/{section}", json=values).raise_for_status()


def channels(community, *, category=None):
    """Of the guild, or of a category of it; threads and direct conversations are none."""
    found = community.discord.people.dump()["channels"]
    found = [one for one in found if one["kind"] in ("text", "voice", "category", "news")]
    return [one for one in found if category is None or one["parent_id"] == category]


def category(community):
    """The one of the tickets; made with the first of them."""
    named = [one["id"] for one in channels(community) if one["name"] == "Tickets"]
    if not named:
        ticket = community.site.open_ticket("alice", "The first of them all")
        community.place(ticket["ticket_num"])
        return category(community)
    return named[0]


def threads_channel(community):
    return next((one["id"] for one in channels(community) if one["name"] == "ticket-threads"), None)


@contextmanager
def filled(community, most, *, room=0, within=None):
    """With so many channels that there is room for `room` more."""
    people = community.discord.people
    count = most - room - len(channels(community, category=within))
    made = [people.make_channel(f"filler-{number}", category=within) for number in range(count)]
    try:
        yield made
    finally:
        for one in made:
            if one in [channel["id"] for channel in channels(community)]:
                people.delete_channel(one)


def mirror(community, ticket):
    return community.client("moira").get(f"/api/tickets/{ticket['ticket_id']}/discord").json()


def buttons(community, place):
    """Which of the panel's can be pressed."""
    rows = community.panel(place)["components"]
    return {one["label"]: not one.get("disabled") for row in rows for one in row["components"]}


def told_all(community, ticket):
    state = mirror(community, ticket)
    return (state["behind"], state["error"]) == (0, "")


def waits(community, ticket, word):
    def refused(state):
        """While it is being tried again there is no next try: asked until both stand."""
        return word in state["error"] and state["behind_since"] and state["next_try"]

    community.wait(lambda: refused(mirror(community, ticket)))
    state = mirror(community, ticket)
    assert state["channel_id"] is None
    assert {one["state"] for one in state["messages"]} == {"failed"}


def works_at_the_site(community, ticket):
    """Without Discord: both talk, and it is claimed."""
    url = f"/api/tickets/{ticket['ticket_id']}"
    community.send("alice", ticket["ticket_id"], "Is anybody there?")
    community.client("moira").post(f"{url}/claim").raise_for_status()
    community.send("moira", ticket["ticket_id"], "I am.")
    return [
        ("alice", "Since this morning nothing happens."),
        ("alice", "Is anybody there?"),
        ("moira", "I am."),
    ]


# --- private threads ----------------------------------------------------------
def test_a_ticket_lives_in_a_private_thread_where_that_is_wanted(community):
    configure(community, "tickets", discord_private_threads=True)
    nora, discord = community.people["nora"], community.discord.people
    ticket = community.open_in_discord(nora, "In a thread", "I would like to have a thread.")
    place = community.place(ticket["ticket_num"])
    thread = place["id"]
    assert (place["kind"], place["parent_id"]) == ("private_thread", threads_channel(community))
    assert mirror(community, ticket)["place"] == "thread"
    community.wait(lambda: nora in discord.channel(thread)["members"])
    other = discord.make_member("olga")
    sees = {name: thread in discord.channels_of(person) for name, person in community.people.items()}
    assert sees == {"nora": True, "max": True, "root": True}
    assert thread not in discord.channels_of(other)
    assert not community.may_write(nora, threads_channel(community))
    message = community.send("moira", ticket["ticket_id"], "Welcoem to the thread.")
    community.wait(lambda: ("moira", "Welcoem to the thread.") in community.said(thread))
    url = f"/api/tickets/{ticket['ticket_id']}"
    edit = {"message": "Welcome to the thread."}
    community.client("moira").patch(f"{url}/messages/{message['id']}", json=edit).raise_for_status()
    discord.write(nora, thread, "Thank you!")
    said = [
        ("nora", "I would like to have a thread."),
        ("moira", "Welcome to the thread."),
        ("nora", "Thank you!"),
    ]
    community.wait(lambda: community.said(thread) == said == community.told(ticket["ticket_id"]))


def test_a_thread_is_locked_opened_and_taken_away_with_its_ticket(community):
    configure(community, "tickets", discord_private_threads=True)
    nora, discord = community.people["nora"], community.discord.people
    ticket = community.open_in_discord(nora, "A thread's life", "It is opened, closed and opened again.")
    thread = community.place(ticket["ticket_num"])["id"]
    community.wait(lambda: nora in discord.channel(thread)["members"])
    url, moira = f"/api/tickets/{ticket['ticket_id']}", community.client("moira")
    moira.post(f"{url}/close", json={"close_message": "Done, I think."}).raise_for_status()
    community.wait(lambda: discord.channel(thread)["locked"])
    community.wait(lambda: buttons(community, thread)["Reopen"])
    assert not buttons(community, thread)["Close"]
    community.wait(lambda: told_all(community, ticket))
    assert ("moira", "Done, I think.") in community.said(thread)
    assert not community.may_write(nora, thread)
    moira.post(f"{url}/reopen").raise_for_status()
    community.wait(lambda: not discord.channel(thread)["locked"])
    community.wait(lambda: buttons(community, thread)["Close"])
    assert community.may_write(nora, thread)
    click = community.button(community.people["max"], thread, "claim", ticket["ticket_id"])
    assert community.words(click) == "The ticket is yours."
    discord.write(nora, thread, "One more thing.")
    community.wait(lambda: ("nora", "One more thing.") in community.told(ticket["ticket_id"]))
    community.client("ada").delete(url).raise_for_status()
    community.wait(lambda: community.place_of(ticket["ticket_num"]) is None)


@pytest.mark.parametrize("closed", [False, True])
def test_what_changes_in_a_thread_that_discord_archived_is_told(community, closed):
    """Discord archives it after days of silence. It takes no edit then: whatever comes next must not hang."""
    configure(community, "tickets", discord_private_threads=True)
    ticket = community.site.open_ticket("alice", "Silent for days")
    thread = community.place(ticket["ticket_num"])["id"]
    message = community.send("moira", ticket["ticket_id"], "A secert word")
    community.wait(lambda: ("moira", "A secert word") in community.said(thread))
    url, moira = f"/api/tickets/{ticket['ticket_id']}", community.client("moira")
    if closed:
        moira.post(f"{url}/close").raise_for_status()
        community.wait(lambda: buttons(community, thread)["Reopen"])
    community.discord.people.edit_thread(community.people["max"], thread, archived=True)
    if closed:
        moira.delete(f"{url}/messages/{message['id']}").raise_for_status()
    else:
        edit = {"message": "A secret word"}
        moira.patch(f"{url}/messages/{message['id']}", json=edit).raise_for_status()
    moira.patch(url, json={"priority": "urgent"}).raise_for_status()
    said = BEGUN if closed else [*BEGUN, ("moira", "A secret word")]
    community.wait(lambda: community.said(thread) == said)
    community.wait(lambda: "Urgent" in str(community.panel(thread)["embeds"]))
    community.wait(lambda: told_all(community, ticket))
    assert community.discord.people.channel(thread)["locked"] == closed
    if closed:
        moira.post(f"{url}/reopen").raise_for_status()
    community.wait(lambda: buttons(community, thread)["Close"])


# --- no room ------------------------------------------------------------------
def test_what_does_not_fit_in_the_category_becomes_a_thread(community):
    tickets = category(community)
    with filled(community, CHANNELS_IN_CATEGORY, room=1, within=tickets):
        opened = [community.site.open_ticket("alice", f"One of three {number}") for number in range(3)]
        places = [community.place(one["ticket_num"]) for one in opened]
        assert sorted(one["kind"] for one in places) == ["private_thread", "private_thread", "text"]
        for ticket, place in zip(opened, places, strict=True):
            community.send("moira", ticket["ticket_id"], "Room enough.")
            community.wait(lambda there=place: ("moira", "Room enough.") in community.said(there["id"]))


def test_a_category_that_is_fuller_than_the_bot_knows_is_no_reason_to_wait(community):
    """Somebody took the last place in this moment: Discord refuses a channel there."""
    tickets, guild = category(community), community.discord.community
    with filled(community, CHANNELS_IN_CATEGORY, room=1, within=tickets):
        unseen = Channel(guild.ids.next(), ChannelKind.TEXT, "unseen", parent_id=tickets)
        guild.channels[unseen.id] = unseen
        waited = community.bot.log.count("mirror_waits")
        ticket = community.site.open_ticket("alice", "One too many")
        assert community.place(ticket["ticket_num"])["kind"] == "private_thread"
        assert community.bot.log.count("mirror_waits") == waited
        del guild.channels[unseen.id]


def test_a_full_guild_with_a_channel_for_threads_makes_threads(community):
    category(community)
    configure(community, "tickets", discord_private_threads=True)
    community.place(community.site.open_ticket("alice", "A first thread")["ticket_num"])
    configure(community, "tickets", discord_private_threads=False)
    with filled(community, CHANNELS):
        ticket = community.site.open_ticket("alice", "In a full guild")
        assert community.place(ticket["ticket_num"])["kind"] == "private_thread"


def test_a_full_guild_is_waited_for(community):
    category(community)
    if threads := threads_channel(community):
        community.discord.people.delete_channel(threads)
    with filled(community, CHANNELS) as fillers:
        ticket = community.site.open_ticket("alice", "No room at all")
        waits(community, ticket, "Maximum number of guild channels")
        said = works_at_the_site(community, ticket)
        assert community.place_of(ticket["ticket_num"]) is None
        community.discord.people.delete_channel(fillers[0])
        place = community.place(ticket["ticket_num"], 40)
        assert place["kind"] == "text"
        community.wait(lambda: community.said(place["id"]) == said)
        assert [one["state"] for one in mirror(community, ticket)["messages"]] == ["sent"] * 3
        assert mirror(community, ticket)["error"] == ""


# --- no permission ------------------------------------------------------------
def test_a_missing_permission_is_said_and_waited_for(community):
    category(community)
    role, people = community.discord.community.bot_role.id, community.discord.people
    people.set_role_permissions(role, int(BOT & ~Permission.MANAGE_CHANNELS))
    ticket = community.site.open_ticket("alice", "Not allowed")
    waits(community, ticket, "403: Missing Permissions")
    said = works_at_the_site(community, ticket)
    people.set_role_permissions(role, int(BOT))
    place = community.place(ticket["ticket_num"], 40)["id"]
    community.wait(lambda: community.said(place) == said)


def test_without_private_threads_and_without_room_the_reason_is_said(community):
    tickets = category(community)
    role, people = community.discord.community.bot_role.id, community.discord.people
    everyone = community.discord.guild_id
    before = next(one["permissions"] for one in people.dump()["roles"] if one["id"] == everyone)
    people.set_role_permissions(role, int(BOT & ~Permission.CREATE_PRIVATE_THREADS))
    people.set_role_permissions(everyone, int(Permission(before) & ~Permission.CREATE_PRIVATE_THREADS))
    if threads := threads_channel(community):
        people.delete_channel(threads)
    with filled(community, CHANNELS_IN_CATEGORY, within=tickets):
        ticket = community.site.open_ticket("alice", "No threads either")
        waits(community, ticket, "403")
        people.set_role_permissions(role, int(BOT))
        people.set_role_permissions(everyone, before)
        assert community.place(ticket["ticket_num"], 40)["kind"] == "private_thread"
