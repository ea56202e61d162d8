"""Roles follow the guild while the bot is away: at the next refresh the member is asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from rest_framework.test import APIClient

from accounts import people, services, tokens
from accounts.discord_login import membership
from accounts.models import Session, User
from accounts.people import Profile, follow_guild, person_from_discord
from accounts.services import Device
from hazesite.breaker import Breaker
from hazesite.realtime.doorkeeper import doorkeeper
from tests.servers.discord import DiscordServer


@pytest.fixture
def discord(db, settings, monkeypatch) -> Iterator[DiscordServer]:
    server = DiscordServer().start()
    monkeypatch.setattr(people, "bot_is_away", lambda: True)
    monkeypatch.setattr(membership, "_breaker", Breaker())
    monkeypatch.setattr(membership, "SECONDS", 0.3)
    settings.DISCORD_API_URL, settings.DISCORD_TOKEN = server.api_url, server.token
    settings.DISCORD_GUILD_ID = server.guild_id
    settings.MODERATOR_ROLE_ID = server.people.make_role("Moderator")
    yield server
    server.stop()


@pytest.fixture
def mona(discord, settings) -> User:
    """A moderator by the guild."""
    role = settings.MODERATOR_ROLE_ID
    person = discord.people.make_member("mona", roles=[role])
    return person_from_discord(Profile(person, "mona", role_ids=[role]))


@pytest.fixture
def token(mona) -> str:
    return tokens.issue(services.start_session(mona, Device()))


def refreshed_role(token: str) -> str:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.post("/api/auth/refresh")
    assert answer.status_code == 200, answer.content
    return answer.json()["role"]


def asked(discord: DiscordServer) -> int:
    return sum("/members/" in request.path for request in discord.community.requests)


def test_who_lost_the_role_has_lost_it_here(discord, mona, token, settings):
    discord.people.take_role(mona.discord_id, settings.MODERATOR_ROLE_ID)
    assert refreshed_role(token) == "lootling"


def test_who_got_the_role_has_it_here(discord, mona, token, settings):
    follow_guild(mona.discord_id, [])
    assert refreshed_role(token) == "moderator"


def test_who_left_keeps_an_account_and_no_more(discord, mona, token):
    discord.people.leave(mona.discord_id)
    assert refreshed_role(token) == "lootling"
    mona.refresh_from_db()
    assert mona.guild_role == ""


@pytest.mark.parametrize("status", [500, 401, 403, 404, 429, 200])
def test_an_answer_that_says_nothing_of_the_member_changes_nothing(discord, token, status):
    discord.operations.fault("GET", "/members/", status=status)
    assert refreshed_role(token) == "moderator"
    assert discord.operations.faults_met() == [1]


def test_a_guild_the_bot_is_not_in_changes_nothing(discord, token, settings):
    settings.DISCORD_GUILD_ID = 17
    assert refreshed_role(token) == "moderator"
    assert asked(discord) == 1


def test_a_discord_that_hangs_or_is_down_keeps_nobody_waiting(discord, mona, token, monkeypatch):
    discord.operations.fault("GET", "/members/", "hang")
    started = time.monotonic()
    assert refreshed_role(token) == "moderator"
    assert time.monotonic() - started < 2

    other = tokens.issue(services.start_session(mona, Device()))
    assert refreshed_role(other) == "moderator"
    assert asked(discord) == 1  # it was not asked again at once

    discord.stop_listening()
    monkeypatch.setattr(membership, "_breaker", Breaker())
    assert refreshed_role(tokens.issue(services.start_session(mona, Device()))) == "moderator"
    discord.listen()


def test_a_bot_that_is_there_is_trusted_to_have_heard(discord, token, monkeypatch):
    monkeypatch.setattr(people, "bot_is_away", lambda: False)
    assert refreshed_role(token) == "moderator"
    assert asked(discord) == 0


def test_without_a_bot_of_ours_or_a_discord_account_nobody_is_asked(discord, mona, token, settings, alice):
    alices = tokens.issue(services.start_session(alice, Device()))
    assert refreshed_role(alices) == "lootling"
    settings.DISCORD_TOKEN = ""
    assert refreshed_role(token) == "moderator"
    assert asked(discord) == 0


def test_a_dead_token_asks_nobody(discord, mona, token):
    services.end_session(Session.objects.get())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.post("/api/auth/refresh").status_code == 401
    assert asked(discord) == 0


def test_sockets_of_who_lost_a_role_are_closed_at_the_next_look(mona, token):
    there = doorkeeper().by_token(token)
    assert doorkeeper().gone([there]) == set()
    follow_guild(mona.discord_id, None)
    assert doorkeeper().gone([there]) == {there}
