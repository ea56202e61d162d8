"""One part of the bot that fails leaves the others alone; Discord hears of commands when they changed."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError

from bot import cogs_table, commands
from bot.client import Bridge
from botconfig import cogs as rows
from botconfig.errors import CogAlreadyLoaded, CogFailed, CogNotLoaded, UnknownCog
from botconfig.models import BotCommand, Cog
from hazesite.realtime.database import db_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]
PART = """
from discord import app_commands

@app_commands.command()
async def {name}(interaction):
    '''{what}'''

async def setup(bot):
    bot.tree.add_command({name})

async def teardown(bot):
    bot.tree.remove_command("{name}")
"""


@pytest.fixture
def write(monkeypatch, tmp_path):
    """`write("dance", source)` makes a part of the bot; there are no others."""
    folder = tmp_path / "parts_of_this_test"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    package = SimpleNamespace(__name__=folder.name, __path__=[str(folder)])
    monkeypatch.setattr(cogs_table, "cogs", package)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a second version within the same second

    def part(name, source=PART, what="Does it."):
        (folder / f"{name}.py").write_text(source.format(name=name, what=what))

    yield part
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


@pytest.fixture
async def started(discord_server):
    """`await started()` is the real bot, signed in; it stands in no gateway."""
    bots = []

    async def start():
        bots.append(Bridge("a test"))
        await bots[-1].login(discord_server.token)
        return bots[-1]

    yield start
    for bot in bots:
        await bot.close()


async def state_of(name):
    row = await db_call(Cog.objects.get, name=name)
    return row.loaded, row.error


def told(discord_server):
    """The commands Discord knows, and how often it was told."""
    commands = {one["name"] for one in discord_server.people.dump()["commands"]}
    asked = [one for one in discord_server.people.requests() if one["method"] == "PUT"]
    return commands, len(asked)


async def test_one_that_fails_leaves_the_others_running(write, started, discord_server):
    write("broken", "raise RuntimeError('not today')")
    write("dance")
    write("sing")
    await started()
    assert await state_of("broken") == (False, "RuntimeError: not today")
    assert await state_of("dance") == await state_of("sing") == (True, "")
    assert told(discord_server)[0] == {"dance", "sing"}


async def test_what_was_unloaded_stays_out_at_the_next_start(write, started, discord_server):
    write("dance")
    write("sing")
    bot = await started()
    await cogs_table.unload(bot, "sing")
    assert told(discord_server)[0] == {"dance"}
    again = await started()
    assert list(again.extensions) == ["parts_of_this_test.dance"]
    await cogs_table.load(again, "sing")
    assert told(discord_server)[0] == {"dance", "sing"}


async def test_a_reload_that_fails_leaves_the_earlier_one_running_and_says_so(write, started, discord_server):
    write("dance")
    bot = await started()
    write("dance", "def setup(:")
    with pytest.raises(CogFailed, match="SyntaxError"):
        await cogs_table.reload(bot, "dance")
    loaded, error = await state_of("dance")
    assert loaded and error.startswith("SyntaxError")
    assert [one.name for one in bot.tree.get_commands()] == ["dance"]
    write("dance", what="Does it better.")
    await cogs_table.reload(bot, "dance")
    assert await state_of("dance") == (True, "")
    assert discord_server.people.dump()["commands"][0]["description"] == "Does it better."


async def test_discord_is_told_commands_only_when_they_changed(write, started, discord_server):
    write("dance")
    bot = await started()
    assert told(discord_server) == ({"dance"}, 1)
    await cogs_table.reload(bot, "dance")
    await started()
    assert told(discord_server)[1] == 1
    write("sing")
    await started()
    assert told(discord_server) == ({"dance", "sing"}, 2)


async def test_commands_that_could_not_be_told_are_told_the_next_time(write, started, discord_server):
    write("dance")
    discord_server.operations.fault("PUT", r"/commands$", status=403, times=1)
    bot = await started()
    assert told(discord_server)[0] == set()
    await cogs_table.reload(bot, "dance")
    assert told(discord_server)[0] == {"dance"}


async def test_another_guild_is_told_though_nothing_changed(write, started, discord_server, settings):
    write("dance")
    bot = await started()
    settings.DISCORD_GUILD_ID = discord_server.guild_id + 1
    assert await cogs_table.sync_commands(bot) is False  # the bot is not in that one
    assert told(discord_server)[1] == 2
    settings.DISCORD_GUILD_ID = discord_server.guild_id
    assert await cogs_table.sync_commands(bot) is True
    assert told(discord_server)[1] == 2
    assert await cogs_table.sync_commands(bot, anew=True) is True
    assert told(discord_server)[1] == 3


FAULTS = [
    ("answer", {"status": 503}),
    ("answer", {"status": 403}),
    ("answer", {"status": 429, "retry_after": 90.0}),
    ("cut", {}),
    ("do and cut", {}),
]


@pytest.mark.parametrize(("mode", "more"), FAULTS)
async def test_a_discord_that_takes_no_commands_is_told_again_later(
    write, started, discord_server, monkeypatch, mode, more
):
    """The start goes on, and nobody has to load or reload anything."""
    write("dance")
    monkeypatch.setattr(cogs_table, "SYNC_AGAIN_SECONDS", 0.05)
    discord_server.operations.fault("PUT", r"/commands$", mode, times=2, **more)
    bot = await started()
    assert await state_of("dance") == (True, "")
    work = asyncio.create_task(cogs_table.keep_synced(bot))
    await discord_server.eventually(lambda: told(discord_server) == ({"dance"}, 3))
    await asyncio.sleep(0.3)
    assert told(discord_server)[1] == 3
    work.cancel()


async def test_comparing_survives_a_database_that_was_away(write, started, discord_server, monkeypatch):
    write("dance")
    monkeypatch.setattr(cogs_table, "SYNC_AGAIN_SECONDS", 0.05)
    bot = await started()
    look, failures = rows.commands_digest, [OperationalError("away"), InterfaceError("away")]

    def digest():
        if failures:
            raise failures.pop()
        return look()

    monkeypatch.setattr(rows, "commands_digest", digest)
    work = asyncio.create_task(cogs_table.keep_synced(bot))
    await discord_server.eventually(lambda: not failures)
    await db_call(rows.note_commands, "")
    await discord_server.eventually(lambda: told(discord_server)[1] == 2)
    work.cancel()


async def test_what_cannot_be_done_is_refused(write, started):
    write("dance")
    bot = await started()
    with pytest.raises(UnknownCog):
        await cogs_table.load(bot, "../secrets")
    with pytest.raises(CogAlreadyLoaded):
        await cogs_table.load(bot, "dance")
    await cogs_table.unload(bot, "dance")
    with pytest.raises(CogNotLoaded):
        await cogs_table.unload(bot, "dance")
    with pytest.raises(CogNotLoaded):
        await cogs_table.reload(bot, "dance")


async def answer_of(command):
    async with asyncio.timeout(10):
        while (answer := await db_call(rows.answer_to, command)) is None:
            await asyncio.sleep(0.02)
    return answer


async def asked(kind, name):
    return await db_call(BotCommand.objects.create, kind=kind, arguments={"cog_name": name})


async def test_questions_of_the_site_are_answered_one_after_the_other(write, started):
    write("dance")
    bot = await started()
    questions = [
        await asked(*question)
        for question in [("unload", "dance"), ("unload", "dance"), ("load", "dance"), ("load", "nonsense")]
    ]
    work = asyncio.create_task(commands.answer_commands(bot))
    answers = [await answer_of(question) for question in questions]
    work.cancel()
    assert [(one["status"], one["code"]) for one in answers] == [
        (200, ""),
        (409, "cog_not_loaded"),
        (200, ""),
        (404, "unknown_cog"),
    ]


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
async def test_answering_survives_a_database_that_was_away(write, started, monkeypatch, trouble):
    write("dance")
    bot = await started()
    look, failures = rows.unanswered, [trouble("it is away")]

    def unanswered():
        if failures:
            raise failures.pop()
        return look()

    monkeypatch.setattr(rows, "unanswered", unanswered)
    question = await asked("reload", "dance")
    work = asyncio.create_task(commands.answer_commands(bot))
    assert (await answer_of(question))["status"] == 200
    work.cancel()
