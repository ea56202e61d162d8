"""Rows follow the guild as Discord tells of it: in order, ours alone, through troubles of the database."""

from __future__ import annotations

import asyncio
import threading

import discord
import pytest
from discord.ext import commands
from django.db import OperationalError

from accounts import people
from accounts.models import User
from accounts.roles import Role
from botconfig import guild
from botconfig.models import GuildMember
from hazesite.realtime.database import db_call

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers, pytest.mark.once]


class Follower(commands.Bot):
    """The one part of the bot that this is about, at the gateway."""

    def __init__(self, guild_id):
        super().__init__("!", intents=discord.Intents(guilds=True, members=True), guild_ready_timeout=0.1)
        self.guild_id = guild_id

    @property
    def home(self):
        return self.get_guild(self.guild_id)

    @property
    def rows(self):
        return self.get_cog("GuildRows")

    async def setup_hook(self):
        await self.load_extension("bot.cogs.guild_rows")

    async def before_identify_hook(self, _shard_id, *, initial=False):
        """The library waits five seconds here before a second session."""


@pytest.fixture
def moderators(discord_server, settings):
    settings.MODERATOR_ROLE_ID = discord_server.people.make_role("Moderator")
    return settings.MODERATOR_ROLE_ID


@pytest.fixture
def max_(discord_server, moderators):
    member = discord_server.people.make_member("max", roles=[moderators])
    people.person_from_discord(people.Profile(member, "max", role_ids=[moderators]))
    return member


@pytest.fixture
async def bot(discord_server, max_):
    made = Follower(discord_server.guild_id)
    running = asyncio.create_task(made.start(discord_server.token))
    await until(lambda: GuildMember.objects.filter(id=max_).exists())
    yield made
    await made.close()
    await asyncio.gather(running, return_exceptions=True)


async def until(holds):
    async with asyncio.timeout(10):
        while not await db_call(holds):
            await asyncio.sleep(0.02)


def role_of(member):
    return User.objects.get(discord_id=member).role


async def test_a_role_taken_away_in_discord_is_one_no_more_here(bot, discord_server, max_, moderators):
    assert await db_call(role_of, max_) == Role.MODERATOR
    discord_server.people.take_role(max_, moderators)
    await until(lambda: role_of(max_) == Role.LOOTLING)
    discord_server.people.give_role(max_, moderators)
    await until(lambda: role_of(max_) == Role.MODERATOR)
    discord_server.people.leave(max_)
    await until(lambda: not User.objects.get(discord_id=max_).guild_role)


async def test_a_guild_that_is_away_takes_nobody_their_role(bot, max_):
    """Discord names it at the start of a session, empty, and tells of it when it can."""
    home = bot.home
    home.unavailable, members = True, dict(home._members)
    home._members.clear()
    bot.dispatch("ready")
    await bot.rows.keep_all(home)
    assert await db_call(role_of, max_) == Role.MODERATOR
    home.unavailable = False
    home._members.update(members)
    await db_call(GuildMember.objects.all().delete)
    bot.dispatch("guild_available", home)
    await until(lambda: GuildMember.objects.filter(id=max_).exists())


async def test_what_happens_in_another_guild_counts_for_nothing(bot, discord_server, max_, settings):
    member = bot.home.get_member(max_)
    settings.DISCORD_GUILD_ID = discord_server.guild_id + 1
    await db_call(GuildMember.objects.all().delete)
    await bot.rows.keep_all(bot.home)
    await bot.rows.keep_member(member)
    await bot.rows.forget_member(discord.RawMemberRemoveEvent({"guild_id": bot.home.id}, member))
    assert not await db_call(GuildMember.objects.exists)
    assert await db_call(role_of, max_) == Role.MODERATOR


async def test_of_two_changes_the_later_one_is_what_stays(bot, discord_server, max_, moderators, monkeypatch):
    """The first one is slow at the database; the second one must not be done before it."""
    keep, go_on, calls = guild.keep_member, threading.Event(), []

    def slow_at_first(member):
        calls.append(member.role_ids)
        if len(calls) == 1:
            go_on.wait(10)
        keep(member)

    monkeypatch.setattr(guild, "keep_member", slow_at_first)
    other = discord_server.people.make_role("Newcomer")
    discord_server.people.give_role(max_, other)
    await until(lambda: len(calls) == 1)
    discord_server.people.take_role(max_, moderators)
    await until(lambda: moderators not in [role.id for role in bot.home.get_member(max_).roles])
    go_on.set()
    await until(lambda: len(calls) == 2 and role_of(max_) == Role.LOOTLING)
    assert await db_call(lambda: GuildMember.objects.get(id=max_).role_ids) == [other]


async def test_what_the_database_did_not_take_is_made_up_for(
    bot, discord_server, max_, moderators, monkeypatch
):
    part = bot.extensions["bot.cogs.guild_rows"]  # the library loads a module of its own
    monkeypatch.setattr(part, "READ_AGAIN_SECONDS", 0.05)
    keep_all, failures = guild.keep_guild, [OperationalError("it is away")] * 2

    def away(_member):
        raise OperationalError("it is away")

    def away_for_a_while(found):
        if failures:
            raise failures.pop()
        keep_all(found)

    monkeypatch.setattr(guild, "keep_member", away)
    monkeypatch.setattr(guild, "keep_guild", away_for_a_while)
    discord_server.people.take_role(max_, moderators)
    await until(lambda: role_of(max_) == Role.LOOTLING)
    assert not failures
