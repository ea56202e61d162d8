"""A Discord of our own, and people who stand at its page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts.coming import CALLBACK, MOBILE, WEB
from tests.servers.discord import DiscordServer


@pytest.fixture
def discord(db, settings) -> Iterator[DiscordServer]:
    server = DiscordServer().start()
    settings.DISCORD_API_URL = server.api_url
    settings.DISCORD_CLIENT_ID = str(server.application_id)
    settings.DISCORD_CLIENT_SECRET = server.client_secret
    settings.DISCORD_GUILD_ID = server.guild_id
    settings.DISCORD_REDIRECT_URI = f"https://haze.example{CALLBACK}"
    settings.WEB_APP_URL, settings.MOBILE_APP_URL = WEB, MOBILE
    settings.MODERATOR_ROLE_ID = server.people.make_role("Moderator")
    server.operations.register_redirects([settings.DISCORD_REDIRECT_URI])
    yield server
    server.stop()


@pytest.fixture
def lena(discord) -> int:
    """A member of the guild who stands at Discord's page and agrees."""
    person = discord.people.make_member("lena", "Lena L.")
    discord.operations.log_in_as(person)
    return person


@pytest.fixture
def mona(discord, settings) -> int:
    """As lena, and a moderator."""
    person = discord.people.make_member("mona", roles=[settings.MODERATOR_ROLE_ID])
    discord.operations.log_in_as(person)
    return person
