"""`/meme` and `/rocket` in the running bot, with the services of the site behind them."""

from __future__ import annotations

import pytest

from accounts.models import User
from botconfig.services import set_by_bot
from community.rocketleague.models import LinkedAccount
from hazesite.realtime.database import db_call
from tests.bot.conftest import leading
from tests.community.conftest import ranks, reddit  # noqa: F401 - fixtures
from tests.community.stock import stock_memes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def use(discord_server):
    """Uses a command as nora; what she alone gets to see."""
    nora = discord_server.people.make_member("nora")
    interface = discord_server.interface

    async def command(name, **options):
        used = interface.slash(nora, discord_server.general_id, name, options)

        def seen():
            found = interface.interaction(used)["message"]
            return found if found and not found["loading"] else None

        return await discord_server.eventually(seen)

    async with leading(discord_server):
        yield command


async def test_a_meme(use):
    await db_call(stock_memes)
    seen = [await use("meme", source="reddit") for _ in range(3)]
    pictures = {message["embeds"][0]["image"]["url"] for message in seen}
    assert len(pictures) == 3 and all("/reddit/" in url for url in pictures)


async def test_a_meme_that_has_to_be_fetched_first_and_a_source_that_is_down(use, reddit):  # noqa: F811
    await db_call(set_by_bot, "meme", {"meme_sources": ["reddit"]})
    reddit.mood = "failing"
    message = await use("meme")
    assert "reddit cannot be reached" in message["content"]
    await db_call(set_by_bot, "meme", {"default_subreddits": ["memes"]})
    reddit.mood = "slow"
    reddit.pictures(1)
    assert (await use("meme"))["embeds"][0]["title"] == "Meme 0"


async def test_ranks_and_linking(use, ranks):  # noqa: F811
    ranks.rank("epic", "Zen", "Champion II", mmr=1215)
    shown = (await use("rocket stats", platform="epic", username="Zen"))["embeds"][0]
    assert shown["fields"][0]["value"] == "Champion II · Division II · 1215 MMR"
    assert "no such player" in (await use("rocket stats", platform="psn", username="nobody"))["content"]
    told = await use("rocket link", platform="epic", username="Zen")
    assert told["content"] == "You are Zen on Epic Games."
    account = await db_call(LinkedAccount.objects.select_related("user").get)
    assert account.user == await db_call(User.objects.get, username="nora")
    assert (await use("rocket unlink"))["content"] == "Unlinked."
    assert "not linked" in (await use("rocket unlink"))["content"]
