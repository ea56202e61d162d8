"""The guide follows its configuration, through a Discord that fails, and shows what somebody chooses."""

from __future__ import annotations

import asyncio

import pytest

from bot.cogs.server_guide import chosen, embeds_of, guide, value_of
from bot.models import PostedMessage
from botconfig.services import set_by_bot
from hazesite.errors import NotFound
from hazesite.realtime.database import db_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
START = {
    "title": "Start here",
    "description": "Read the rules.\nThen say hello.",
    "fields": [{"name": "Rules", "value": "Be kind.", "inline": False}],
}
HELP = {"title": "Help", "description": "", "fields": []}


async def configured(categories, channel):
    await db_call(set_by_bot, "server_guide", {"categories": categories})
    await db_call(set_by_bot, "channels", {"server_guide_channel_id": str(channel) if channel else None})


def shown(discord_server, channel):
    """What the menu of each guide in the channel offers."""
    messages = discord_server.people.messages(channel)
    return [[option["label"] for option in menu(message)["options"]] for message in messages]


def menu(message):
    return message["components"][0]["components"][0]


async def answer(discord_server, used, count=1):
    """All that the person got to see."""

    def messages():
        found = discord_server.interface.interaction(used)
        got = [found["message"], *found["followups"]]
        return got if got[0] and not got[0]["loading"] and len(got) == count else None

    return await discord_server.eventually(messages)


async def test_it_moves_and_goes_with_its_configuration(discord_server, bot):
    people = discord_server.people
    one, other = people.make_channel("guide"), people.make_channel("help")
    await configured([START], one)
    await discord_server.eventually(lambda: shown(discord_server, one) == [["Start here"]])
    [message] = people.messages(one)
    assert "**Start here** Read the rules." in message["embeds"][0]["description"]
    await configured([START, HELP], one)
    await discord_server.eventually(lambda: shown(discord_server, one) == [["Start here", "Help"]])
    assert [message["id"]] == [each["id"] for each in people.messages(one)]  # changed in its place
    await configured([START, HELP], other)
    await discord_server.eventually(lambda: shown(discord_server, other) and not shown(discord_server, one))
    await configured([], other)
    await discord_server.eventually(lambda: not shown(discord_server, other))
    async with asyncio.timeout(5):
        while await db_call(PostedMessage.objects.count):
            await asyncio.sleep(0.02)


async def test_who_chooses_a_category_reads_it_and_nobody_else_does(discord_server, bot):
    people, interface = discord_server.people, discord_server.interface
    nora, channel = people.make_member("nora"), people.make_channel("guide")
    await configured([HELP, START], channel)
    await discord_server.eventually(lambda: shown(discord_server, channel))
    [message] = people.messages(channel)
    used = interface.choose(nora, message["id"], "guide:category", [value_of(1, START)])
    [read] = await answer(discord_server, used)
    assert read["only_for"] == nora
    [embed] = read["embeds"]
    assert (embed["title"], embed["description"]) == ("Start here", "Read the rules.\nThen say hello.")
    assert [(field["name"], field["value"]) for field in embed["fields"]] == [("Rules", "Be kind.")]
    opened = interface.click(nora, message["id"], "tickets:open")
    modal = await discord_server.eventually(lambda: interface.interaction(opened)["modal"])
    assert modal["title"] == "Open a ticket"


async def test_a_menu_from_before_a_restart_works_and_one_from_before_a_change_says_so(discord_server, bot):
    people, interface = discord_server.people, discord_server.interface
    nora, channel = people.make_member("nora"), people.make_channel("guide")
    await configured([START], channel)
    await discord_server.eventually(lambda: shown(discord_server, channel))
    [message] = people.messages(channel)
    bot._connection._view_store._views.clear()  # as a new process knows them: not at all
    used = interface.choose(nora, message["id"], "guide:category", [value_of(0, START)])
    assert (await answer(discord_server, used))[0]["embeds"][0]["title"] == "Start here"
    discord_server.operations.fault("PATCH", r"^/channels/", status=503, times=None)
    await db_call(set_by_bot, "server_guide", {"categories": [HELP]})
    used = interface.choose(nora, message["id"], "guide:category", [value_of(0, START)])
    assert "guide has changed" in (await answer(discord_server, used))[0]["content"]


@pytest.mark.parametrize(
    ("mode", "more"),
    [("answer", {"status": 503}), ("answer", {"status": 403}), ("cut", {}), ("do and cut", {})],
)
async def test_it_is_posted_once_when_discord_can_again(discord_server, bot, mode, more):
    channel = discord_server.people.make_channel("guide")
    discord_server.operations.fault("POST", rf"^/channels/{channel}/messages", mode, times=2, **more)
    await configured([START], channel)
    await discord_server.eventually(lambda: discord_server.operations.faults_met() == [2])
    await discord_server.eventually(lambda: shown(discord_server, channel) == [["Start here"]])
    async with asyncio.timeout(5):
        while not await db_call(PostedMessage.objects.count):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    assert shown(discord_server, channel) == [["Start here"]]


async def test_one_that_somebody_took_away_is_made_again_with_the_next_change(discord_server, bot):
    channel = discord_server.people.make_channel("guide")
    await configured([START], channel)
    await discord_server.eventually(lambda: shown(discord_server, channel))
    owner, [message] = discord_server.community.owner.id, discord_server.people.messages(channel)
    discord_server.people.delete(owner, message["id"])
    await configured([HELP], channel)
    await discord_server.eventually(lambda: shown(discord_server, channel) == [["Help"]])


async def test_a_channel_that_comes_later_is_waited_for(discord_server, bot):
    """The bot may not see it yet, or Discord has not told of it."""
    people = discord_server.people
    channel = people.make_channel("guide")
    await discord_server.eventually(lambda: bot.home.get_channel(channel))
    hidden = bot.home._channels.pop(channel)
    await configured([START], channel)
    await asyncio.sleep(0.3)
    assert not shown(discord_server, channel)
    bot.home._channels[channel] = hidden
    await discord_server.eventually(lambda: shown(discord_server, channel) == [["Start here"]])


def test_all_that_may_be_configured_fits_in_what_discord_takes():
    full = {
        "title": "T" * 256,
        "description": "D" * 4000,
        "fields": [{"name": "N" * 256, "value": "V" * 1024, "inline": True}] * 60,
    }
    [overview], view = guide({"categories": [full] * 25})
    assert len(overview) <= 6000 and len(overview.description) <= 4096
    menu, _button = view.children
    assert len(menu.item.options) == 25 and len({one.value for one in menu.item.options}) == 25
    pages = embeds_of(full)
    assert all(len(page) <= 6000 and len(page.fields) <= 25 for page in pages)
    assert sum(len(page.fields) for page in pages) == 60
    assert guide({"categories": []}) is None


def test_what_is_chosen_is_what_stood_there():
    same = [START, {**START, "description": "Another one."}]
    assert chosen(same, value_of(1, same[1])) is same[1]
    with pytest.raises(NotFound):
        chosen([HELP, START], value_of(0, START))
