"""The Discord of the tests is to the real library what Discord is: messages, channels, threads, files."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import aiohttp
import discord
import httpx
import pytest

from tests.servers.discord.errors import ApiError
from tests.servers.discord.people import Impossible

pytestmark = pytest.mark.workers


async def test_a_bot_logs_in_and_knows_the_guild_its_roles_and_its_members(discord_server, connected):
    role = discord_server.people.make_role("Moderator")
    alice = discord_server.people.make_member("alice", "Alice", roles=[role])
    async with connected() as bot:
        await bot.guild.chunk()
        member = bot.guild.get_member(alice)
        assert (member.display_name, [each.name for each in member.roles]) == (
            "Alice",
            ["@everyone", "Moderator"],
        )
        assert bot.guild.me.guild_permissions.manage_channels
        assert not bot.guild.me.guild_permissions.administrator


async def test_a_bot_hears_what_people_write_change_and_remove(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        first = people.write(alice, general, "hello")
        reply = people.write(alice, general, f"<@{bot.user.id}> look", reply_to=first)
        await discord_server.eventually(lambda: len(bot.read) == 2)
        assert bot.read[1].reference.message_id == first
        assert bot.user in bot.read[1].mentions
        people.edit(alice, first, "hello again")
        await discord_server.eventually(lambda: bot.read[0].content == "hello again")
        people.delete(alice, first)
        await discord_server.eventually(lambda: "MESSAGE_DELETE" in bot.heard)
        other = people.write(alice, general, "more")
        people.bulk_delete(general, [reply, other])
        await discord_server.eventually(lambda: "MESSAGE_DELETE_BULK" in bot.heard)
        people.types(alice, general)
        await discord_server.eventually(lambda: "TYPING_START" in bot.heard)
    assert people.messages(general) == []


async def test_without_the_content_intent_messages_of_others_come_empty(discord_server, connected):
    alice = discord_server.people.make_member("alice")
    intents = discord.Intents.all()
    intents.message_content = False
    async with connected(intents=intents) as bot:
        discord_server.people.write(alice, discord_server.general_id, "a secret")
        discord_server.people.write(alice, discord_server.general_id, f"<@{bot.user.id}> not a secret")
        await discord_server.eventually(lambda: len(bot.read) == 2)
        assert bot.texts() == ["", f"<@{bot.user.id}> not a secret"]


async def test_the_history_comes_in_pages_of_a_hundred(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    written = [people.write(alice, general, f"number {number}") for number in range(230)]
    async with connected() as bot:
        newest_first = [message.id async for message in bot.general.history(limit=None)]
        after = discord.Object(written[19])
        later = [
            message.id async for message in bot.general.history(after=after, oldest_first=True, limit=None)
        ]
    assert newest_first == written[::-1]
    assert later == written[20:]
    pages = [one for one in people.requests() if one["method"] == "GET" and one["path"].endswith("/messages")]
    assert [one["query"]["limit"] for one in pages] == ["100"] * len(pages)
    assert len(pages) == 6


async def test_files_go_both_ways_and_their_addresses_expire(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        people.write(alice, general, "the log", attachments=[{"filename": "log.txt", "content": b"it broke"}])
        await discord_server.eventually(lambda: bot.read)
        theirs = bot.read[0].attachments[0]
        assert await theirs.read() == b"it broke"
        assert theirs.content_type == "text/plain"
        file = discord.File(io.BytesIO(b"\x89PNG"), "shot.png", description="A picture")
        sent = await bot.general.send("here", file=file)
        assert await sent.attachments[0].read() == b"\x89PNG"
        shown = people.messages(general)[1]["attachments"][0]
        assert (shown["filename"], shown["content"], shown["description"]) == (
            "shot.png",
            b"\x89PNG",
            "A picture",
        )
        discord_server.operations.advance(90_000)
        with pytest.raises(discord.NotFound):
            await theirs.read()
        fresh = await bot.general.fetch_message(bot.read[0].id)
        assert await fresh.attachments[0].read() == b"it broke"
        await sent.edit(content="gone", attachments=[])
        assert people.messages(general)[1]["attachments"] == []


async def test_a_file_above_the_limit_is_refused(discord_server, connected):
    async with connected() as bot:
        discord_server.community.portal.upload_limit = 1000
        with pytest.raises(discord.HTTPException) as refused:
            await bot.general.send(file=discord.File(io.BytesIO(b"x" * 1001), "big.bin"))
        assert (refused.value.status, refused.value.code) == (413, 40005)


@pytest.mark.parametrize(
    "wanted",
    [
        {"content": "x" * 2001},
        {"content": "   "},
        {"embed": discord.Embed(title="x" * 257)},
        {"embed": discord.Embed(description="x" * 4097)},
        {"embeds": [discord.Embed(description="x" * 3001), discord.Embed(description="x" * 3000)]},
    ],
    ids=["content", "empty", "title", "description", "in all"],
)
async def test_what_is_too_long_or_empty_is_refused_and_posts_nothing(discord_server, connected, wanted):
    async with connected() as bot:
        with pytest.raises(discord.HTTPException) as refused:
            await bot.general.send(**wanted)
        assert refused.value.status == 400
    assert discord_server.people.messages(discord_server.general_id) == []


async def test_a_private_channel_is_seen_by_whom_its_overwrites_name(discord_server, connected):
    people = discord_server.people
    alice, mallory = people.make_member("alice"), people.make_member("mallory")
    async with connected() as bot:
        await bot.guild.chunk()
        hidden, shown = (
            discord.PermissionOverwrite(view_channel=False),
            discord.PermissionOverwrite(view_channel=True),
        )
        overwrites = {bot.guild.default_role: hidden, bot.guild.me: shown, bot.guild.get_member(alice): shown}
        channel = await bot.guild.create_text_channel("Ticket 7", overwrites=overwrites, reason="A ticket")
        assert channel.name == "ticket-7"
        await channel.send("for alice")
        assert [one["content"] for one in people.sees(alice, channel.id)] == ["for alice"]
        with pytest.raises(Impossible):
            people.sees(mallory, channel.id)
        with pytest.raises(Impossible):
            people.write(mallory, channel.id, "let me in")
        await channel.set_permissions(bot.guild.get_member(mallory), view_channel=True)
        assert len(people.sees(mallory, channel.id)) == 1
        people.set_overwrite(channel.id, bot.user.id, deny=1 << 10)
        with pytest.raises(discord.Forbidden) as refused:
            await channel.send("anyone?")
        assert refused.value.code == 50001
    made = next(one for one in people.requests() if one["path"].endswith("/channels"))
    assert (made["status"], made["reason"]) == (201, "A ticket")


async def test_the_bot_can_give_only_what_it_has_and_roles_below_its_own(discord_server, connected):
    people = discord_server.people
    alice, low = people.make_member("alice"), people.make_role("Member")
    async with connected() as bot:
        await bot.guild.chunk()
        member = bot.guild.get_member(alice)
        with pytest.raises(discord.Forbidden):
            await bot.general.set_permissions(member, manage_guild=True)
        await member.add_roles(discord.Object(low))
        with pytest.raises(discord.Forbidden):
            await member.add_roles(discord.Object(discord_server.community.bot_role.id))
        await discord_server.eventually(lambda: [role.id for role in member.roles[1:]] == [low])
        people.set_role_permissions(discord_server.community.bot_role.id, 0)
        with pytest.raises(discord.Forbidden) as refused:
            await bot.guild.create_text_channel("more")
        assert refused.value.code == 50013


async def test_members_come_go_and_change_their_roles(discord_server, connected):
    people = discord_server.people
    role = people.make_role("Helper")
    async with connected() as bot:
        alice = people.make_member("alice", roles=[role])
        await discord_server.eventually(lambda: bot.guild.get_member(alice))
        await discord_server.eventually(lambda: bot.guild.get_member(alice).get_role(role))
        people.take_role(alice, role)
        await discord_server.eventually(lambda: not bot.guild.get_member(alice).get_role(role))
        people.leave(alice)
        await discord_server.eventually(lambda: bot.guild.get_member(alice) is None)
        with pytest.raises(discord.NotFound) as gone:
            await bot.guild.fetch_member(alice)
        assert gone.value.code == 10007
        people.delete_channel(discord_server.general_id)
        await discord_server.eventually(lambda: bot.guild.text_channels == [])


async def test_a_category_takes_fifty_channels(discord_server, connected):
    people = discord_server.people
    category = people.make_channel("Tickets", "category")
    for number in range(50):
        people.make_channel(f"ticket-{number}", category=category)
    with pytest.raises(ApiError):
        people.make_channel("one more", category=category)
    async with connected() as bot:
        with pytest.raises(discord.HTTPException) as refused:
            await bot.guild.create_text_channel("one more", category=bot.guild.get_channel(category))
        assert (refused.value.status, refused.value.code) == (400, 50035)
        assert "(50)" in refused.value.text


async def test_private_threads_hold_their_members_and_can_be_archived_and_locked(discord_server, connected):
    people = discord_server.people
    alice, mallory = people.make_member("alice"), people.make_member("mallory")
    async with connected() as bot:
        thread = await bot.general.create_thread(name="Ticket 7", invitable=False)
        await thread.add_user(discord.Object(alice))
        await thread.send("for alice")
        assert [one["kind"] for one in people.sees(alice, thread.id)] == ["recipient_add", "default"]
        with pytest.raises(Impossible):
            people.sees(mallory, thread.id)
        people.write(alice, thread.id, "thanks")
        await discord_server.eventually(lambda: "thanks" in bot.texts())
        await thread.edit(archived=True, locked=True)
        with pytest.raises(Impossible):
            people.write(alice, thread.id, "one more thing")
        with pytest.raises(discord.HTTPException) as refused:
            await thread.add_user(discord.Object(mallory))
        assert refused.value.code == 50083
        state = people.channel(thread.id)
        assert (state["kind"], state["archived"], state["locked"]) == ("private_thread", True, True)
        await thread.edit(archived=False, locked=False)
        await thread.edit(archived=True)
        people.write(alice, thread.id, "and another")
        assert not people.channel(thread.id)["archived"]
        await thread.remove_user(discord.Object(alice))
        assert alice not in people.channel(thread.id)["members"]


async def test_webhooks_write_change_and_delete_under_any_name(discord_server, connected):
    people = discord_server.people
    discord_server.operations.limits(on=False)
    async with connected() as bot:
        hook = await bot.general.create_webhook(name="Desk")
        sent = await hook.send("hi", username="Alice", avatar_url="https://example.com/a.png", wait=True)
        assert (sent.author.name, sent.webhook_id) == ("Alice", hook.id)
        shown = people.messages(discord_server.general_id)[0]
        assert (shown["author"], shown["avatar"]) == ("Alice", "https://example.com/a.png")
        await hook.edit_message(sent.id, content="hi there")
        await discord_server.eventually(lambda: "MESSAGE_UPDATE" in bot.heard)
        assert people.messages(discord_server.general_id)[0]["edited_at"]
        thread = await bot.general.create_thread(name="side", type=discord.ChannelType.public_thread)
        await hook.send("aside", thread=thread)
        assert people.messages(thread.id)[-1]["author"] == "Desk"
        await hook.delete_message(sent.id)
        assert [one["kind"] for one in people.messages(discord_server.general_id)] == ["thread_created"]
        for name in ("Clyde", "my Discord"):
            with pytest.raises(discord.HTTPException):
                await hook.send("no", username=name)
        for _ in range(14):
            await bot.general.create_webhook(name="Desk")
        with pytest.raises(discord.HTTPException) as refused:
            await bot.general.create_webhook(name="Desk")
        assert refused.value.code == 30007
        people.delete_webhook(hook.id)
        with pytest.raises(discord.NotFound) as gone:
            await hook.send("anyone?")
        assert gone.value.code == 10015


async def test_only_the_mentions_that_are_allowed_ring(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    role = people.make_role("Team", mentionable=True)
    alice, moira = people.make_member("alice"), people.make_member("moira", roles=[role])
    async with connected() as bot:
        content = f"<@{alice}> <@&{role}> @everyone"
        await bot.general.send(content)
        await bot.general.send(content, allowed_mentions=discord.AllowedMentions.none())
        await (await bot.general.create_webhook(name="Desk")).send(content)
    rung = [(one["pinged"], one["mention_everyone"]) for one in people.messages(general)]
    assert rung[0] == ([alice, moira], False)
    assert rung[1] == ([], False)
    assert rung[2][1] and {alice, moira} < set(rung[2][0])


async def test_a_nonce_that_is_enforced_gives_the_message_it_made(discord_server, connected):
    discord_server.operations.fault("POST", "/messages$", "do and cut")
    async with connected() as bot:
        with pytest.raises(aiohttp.ClientError):
            await bot.general.send("once", nonce="o17")
        again = await bot.general.send("once", nonce="o17")
        assert [one["id"] for one in discord_server.people.messages(discord_server.general_id)] == [again.id]
        discord_server.operations.advance(300)
        assert (await bot.general.send("once", nonce="o17")).id != again.id
    tried = [one["status"] for one in discord_server.people.requests() if one["path"].endswith("/messages")]
    assert tried == [None, 200, 200]


async def test_direct_messages_reach_those_who_take_them(discord_server, connected):
    people = discord_server.people
    alice, bob = people.make_member("alice"), people.make_member("bob")
    people.take_direct_messages(bob, on=False)
    async with connected() as bot:
        await (await bot.fetch_user(alice)).send("a word")
        assert [one["content"] for one in people.direct_messages(alice)] == ["a word"]
        people.write(alice, people.direct_channel(alice), "yes?")
        await discord_server.eventually(lambda: "yes?" in bot.texts())
        with pytest.raises(discord.Forbidden) as refused:
            await (await bot.fetch_user(bob)).send("a word")
        assert refused.value.code == 50007


def test_it_runs_as_a_program_of_its_own():
    command = [sys.executable, "-m", "tests.servers.discord", "--port", "0", "--token", "known"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            facts = json.loads("".join(iter(program.stdout.readline, "}\n")) + "}")
            me = httpx.get(
                f"{facts['api_url']}/users/@me", headers={"Authorization": "Bot known"}, verify=False
            )
            assert me.json()["id"] == facts["application_id"]
        finally:
            program.terminate()


async def test_the_same_deeds_are_done_over_http(discord_server):
    async with httpx.AsyncClient(verify=False, base_url=f"{discord_server.base_url}/_test/") as client:
        alice = (await client.post("make_member", json={"name": "alice"})).json()
        wrong = await client.post("write", json={"person": alice, "channel": "17", "content": "hi"})
        assert (wrong.status_code, wrong.json()) == (409, {"error": "Unknown Channel"})
        assert (await client.post("write", json={"persona": alice})).status_code == 400
        assert (await client.post("fly")).status_code == 404
        file = {"filename": "a.txt", "content": "aGVsbG8="}
        wanted = {
            "person": alice,
            "channel": str(discord_server.general_id),
            "content": "hi",
            "attachments": [file],
        }
        message = (await client.post("write", json=wanted)).json()
        general = (await client.post("dump")).json()["channels"][0]
        assert (general["messages"][0]["id"], general["messages"][0]["attachments"][0]["content"]) == (
            message,
            "aGVsbG8=",
        )
        await client.post("outage", json={"seconds": 0.1})
        await discord_server.eventually(lambda: discord_server.runner is None)
        await discord_server.eventually(
            lambda: discord_server.runner is not None and discord_server.runner.addresses
        )
        assert len((await client.post("messages", json={"channel": general["id"]})).json()) == 1
