"""When Discord is slow, full, broken or away: what the real library gets to see of it."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import discord
import httpx
import pytest

pytestmark = pytest.mark.workers

RESUMED = [
    ("close", {"code": 4000}),
    ("close", {"code": 4009}),
    ("close", {"code": 1000}),
    ("abort", {}),
    ("ask", {}),
    ("invalidate", {"resumable": True}),
]


def break_gateway(server, how: str, **more: object) -> None:
    deeds = {
        "close": server.operations.close_gateway,
        "abort": server.operations.abort_gateway,
        "ask": server.operations.ask_to_reconnect,
        "invalidate": server.operations.invalidate_sessions,
    }
    deeds[how](**more)


@pytest.mark.parametrize(("how", "more"), RESUMED, ids=["4000", "4009", "1000", "abort", "op 7", "op 9 true"])
async def test_a_broken_session_is_resumed_and_hears_once_what_it_missed(
    discord_server, connected, how, more
):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        people.write(alice, general, "before")
        await discord_server.eventually(lambda: bot.texts() == ["before"])
        break_gateway(discord_server, how, **more)
        people.write(alice, general, "meanwhile")
        await discord_server.eventually(lambda: "RESUMED" in bot.heard)
        people.write(alice, general, "after")
        await discord_server.eventually(lambda: "after" in bot.texts())
        assert bot.texts() == ["before", "meanwhile", "after"]
        assert discord_server.operations.gateway_state() == {"connected": 1, "identified": 1, "resumed": 1}


@pytest.mark.parametrize("how", ["op 9 false", "resume refused"])
async def test_a_lost_session_starts_anew_and_misses_what_happened_meanwhile(discord_server, connected, how):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        if how == "op 9 false":
            discord_server.operations.invalidate_sessions(resumable=False)
        else:
            discord_server.operations.take_resumes(on=False)
            discord_server.operations.abort_gateway()
        await discord_server.eventually(lambda: bot.heard.count("READY") == 2)
        people.write(alice, general, "after")
        await discord_server.eventually(lambda: bot.texts() == ["after"])


@pytest.mark.parametrize(("code", "kept"), [(1000, 0), (1001, 0), (4000, 1)])
async def test_only_a_goodbye_ends_a_session(discord_server, code, kept):
    gateway = discord_server.site.gateway
    identify = {"op": 2, "d": {"token": discord_server.token, "intents": 1}}
    async with aiohttp.ClientSession() as session, session.ws_connect(discord_server.gateway_url) as socket:
        await socket.send_json(identify)
        await discord_server.eventually(lambda: len(gateway.sessions) == 1)
        await socket.close(code=code)
    await discord_server.eventually(lambda: not gateway.lines)
    assert len(gateway.sessions) == kept


async def test_while_the_gateway_is_paused_the_guild_goes_on(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        discord_server.operations.pause_gateway()
        people.write(alice, general, "unheard")
        discord_server.operations.unpause_gateway()
        await discord_server.eventually(lambda: bot.heard.count("READY") == 2)
        assert bot.texts() == []
        assert [message.content async for message in bot.general.history()] == ["unheard"]


async def test_heartbeats_without_an_answer_make_the_bot_come_back(discord_server, connected):
    discord_server.community.portal.heartbeat_ms = 100
    async with connected() as bot:
        bot._connection.heartbeat_timeout = bot.ws._max_heartbeat_timeout = 0.3
        bot.ws._keep_alive.heartbeat_timeout = 0.3
        discord_server.operations.acknowledge_heartbeats(on=False)
        await discord_server.eventually(lambda: "RESUMED" in bot.heard)
        discord_server.operations.acknowledge_heartbeats(on=True)


async def test_an_outage_of_the_whole_server_ends_with_what_was_there_before(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        discord_server.stop_listening()
        with pytest.raises(aiohttp.ClientError):
            await bot.general.send("anyone?")
        people.write(alice, general, "meanwhile")
        discord_server.listen()
        await discord_server.eventually(lambda: "meanwhile" in bot.texts())
        await bot.general.send("back")
        assert [one["content"] for one in people.messages(general)] == ["meanwhile", "back"]


async def test_a_wrong_token_and_missing_intents_are_fatal(discord_server, connected):
    bot = discord.Client(intents=discord.Intents.default())
    with pytest.raises(discord.LoginFailure):
        await bot.start("wrong")
    await bot.close()
    discord_server.operations.switch_intents(1 << 1)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connected():
            pass
    async with connected(intents=discord.Intents(guilds=True, members=True)) as bot:
        assert bot.is_ready()
        discord_server.operations.close_gateway(4004)
        await discord_server.eventually(bot.is_closed)


async def test_six_messages_at_once_keep_to_five_in_five_seconds(discord_server, connected):
    discord_server.operations.limit("POST /channels/{channel}/messages", 3, 0.6)
    async with connected() as bot:
        start = time.monotonic()
        await asyncio.gather(*(bot.general.send(str(number)) for number in range(6)))
        assert 0.5 < time.monotonic() - start < 3
    assert len(discord_server.people.messages(discord_server.general_id)) == 6


async def test_who_does_not_keep_to_the_limit_gets_429_and_is_told_when(discord_server):
    headers = {"Authorization": f"Bot {discord_server.token}"}
    path = f"{discord_server.api_url}/channels/{discord_server.general_id}/messages"
    async with httpx.AsyncClient(verify=False, headers=headers) as client:
        answers = [await client.post(path, json={"content": "x"}) for _ in range(6)]
        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert [one.headers["X-RateLimit-Remaining"] for one in answers] == ["4", "3", "2", "1", "0", "0"]
        late = answers[-1]
        assert 0 < late.json()["retry_after"] <= 5
        assert (late.json()["global"], late.headers["X-RateLimit-Scope"], "Via" in late.headers) == (
            False,
            "user",
            True,
        )
        discord_server.operations.advance(5)
        assert (await client.post(path, json={"content": "x"})).status_code == 200
        discord_server.operations.limit("all", 2, 60)
        discord_server.operations.advance(60)
        answers = [await client.get(f"{discord_server.api_url}/users/@me") for _ in range(3)]
        assert answers[-1].json()["global"] and answers[-1].headers["X-RateLimit-Global"] == "true"
    assert len(discord_server.people.messages(discord_server.general_id)) == 6


async def test_a_channel_is_renamed_twice_in_ten_minutes(discord_server, connected):
    async with connected() as bot:
        bot.http.max_ratelimit_timeout = 30
        await bot.general.edit(name="one")
        await bot.general.edit(topic="two")
        await bot.general.edit(nsfw=True)
        with pytest.raises(discord.RateLimited) as late:
            await bot.general.edit(name="three")
        assert 500 < late.value.retry_after <= 600
        discord_server.operations.advance(601)
        assert (await bot.general.edit(name="three")).name == "three"


async def test_faults_are_met_by_the_requests_they_name(discord_server, connected):
    operations, general = discord_server.operations, discord_server.general_id
    async with connected() as bot:
        operations.fault("POST", "/messages$", status=503)
        with pytest.raises(discord.DiscordServerError):
            await bot.general.send("lost")
        operations.fault("POST", "/messages$", status=429, retry_after=0.05, times=2)
        await bot.general.send("late")
        operations.fault("POST", "/messages$", status=429, through_proxy=False)
        with pytest.raises(discord.HTTPException):
            await bot.general.send("banned")
        operations.fault("POST", "/messages$", "cut")
        with pytest.raises(aiohttp.ClientError):
            await bot.general.send("cut")
        operations.fault("POST", "/messages$", "do and answer", status=503)
        with pytest.raises(discord.DiscordServerError):
            await bot.general.send("kept")
        assert operations.faults_met() == [1, 2, 1, 1, 1]
    assert [one["content"] for one in discord_server.people.messages(general)] == ["late", "kept"]


@pytest.mark.parametrize(("mode", "there"), [("hang", []), ("do and hang", ["x"])])
async def test_what_hangs_is_done_or_not_as_the_fault_says(discord_server, connected, mode, there):
    operations, people, general = discord_server.operations, discord_server.people, discord_server.general_id
    async with connected() as bot:
        operations.fault("POST", "/messages$", mode)
        sending = asyncio.create_task(bot.general.send("x"))
        await discord_server.eventually(lambda: operations.faults_met() == [1])
        await discord_server.eventually(lambda: [one["content"] for one in people.messages(general)] == there)
        assert not sending.done()
        operations.clear_faults()
        with pytest.raises(aiohttp.ClientError):
            await sending


CLOSED = {
    "silence": ([], 4009),
    "no json": (["hello"], 4002),
    "before identify": ([{"op": 8, "d": {}}], 4003),
    "wrong token": ([{"op": 2, "d": {"token": "wrong", "intents": 1}}], 4004),
    "unknown intents": ([{"op": 2, "d": {"token": "right", "intents": 1 << 40}}], 4013),
    "twice": ([{"op": 2, "d": {"token": "right", "intents": 1}}] * 2, 4005),
    "unknown op": ([{"op": 2, "d": {"token": "right", "intents": 1}}, {"op": 99}], 4001),
}


@pytest.mark.parametrize(("said", "code"), CLOSED.values(), ids=CLOSED)
async def test_the_gateway_says_by_its_code_why_it_hangs_up(discord_server, said, code):
    portal = discord_server.community.portal
    portal.token = "right"
    if not said:
        portal.heartbeat_ms, portal.heartbeat_grace = 50, 0.0
    async with aiohttp.ClientSession() as session, session.ws_connect(discord_server.gateway_url) as socket:
        for each in said:
            await socket.send_str(each if isinstance(each, str) else json.dumps(each))
        heard = [json.loads(frame.data)["op"] async for frame in socket]
    assert socket.close_code == code
    assert heard[0] == 10


async def test_rest_can_be_down_while_the_gateway_stays(discord_server, connected):
    people, general = discord_server.people, discord_server.general_id
    alice = people.make_member("alice")
    async with connected() as bot:
        discord_server.operations.rest_down()
        people.write(alice, general, "hello")
        await discord_server.eventually(lambda: bot.texts() == ["hello"])
        with pytest.raises(discord.DiscordServerError):
            await bot.general.send("hi")
        discord_server.operations.clear_faults()
        await bot.general.send("hi")


async def test_what_the_server_lacks_is_not_passed_over(discord_server):
    headers = {"Authorization": f"Bot {discord_server.token}"}
    async with httpx.AsyncClient(verify=False, headers=headers) as client:
        answer = await client.get(f"{discord_server.api_url}/sticker-packs")
    assert answer.status_code == 404
    assert discord_server.complaints == ["no route GET /api/v10/sticker-packs"]
    discord_server.complaints.clear()
