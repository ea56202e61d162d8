"""Who signs in with Discord in the web chat ends where they wanted to be, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.browser.conftest import Visitor, playwright
from tests.servers.discord import DiscordServer
from tests.serving import Server, free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.server]
Visit = Callable[..., Visitor]
expect = playwright.expect


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordServer]:
    server = DiscordServer().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def server(discord: DiscordServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """As in `tests.conftest`, with a Discord to sign in at."""
    port = free_port()
    environment = {
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_CLIENT_ID": str(discord.application_id),
        "DISCORD_CLIENT_SECRET": discord.client_secret,
        "DISCORD_GUILD_ID": str(discord.guild_id),
        "MODERATOR_ROLE_ID": str(discord.people.make_role("Moderator")),
        "CORS_ORIGINS": "",
    }
    with serving(tmp_path_factory.mktemp("server"), port=port, environment=environment) as running:
        discord.operations.register_redirects([f"{running.url}/api/discord/callback"])
        yield running


@pytest.fixture(scope="module")
def lena(discord: DiscordServer) -> int:
    return discord.people.make_member("lena", "Lena L.")


def press(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Sign in with Discord").click()


def problem(visitor: Visitor) -> None:
    return expect(visitor.page.locator("#sign-in-problem"))


def test_a_member_signs_in_and_stays_signed_in(
    visit: Visit, discord: DiscordServer, server: Server, lena: int
) -> None:
    discord.operations.log_in_as(lena)
    visitor = visit()
    press(visitor)
    expect(visitor.page.locator("#connection")).to_have_text("Live")
    expect(visitor.page.locator("#who")).to_have_text("lena")
    assert visitor.page.url == f"{server.url}/"
    kept = visitor.page.evaluate("JSON.stringify([localStorage, history.state])")
    assert "hazebot.discord-sign-in" not in kept
    visitor.page.reload()
    expect(visitor.page.locator("#who")).to_have_text("lena")
    visitor.page.get_by_role("link", name="New ticket").click()
    visitor.page.get_by_label("Subject").fill("From the browser")
    visitor.page.get_by_label("Description").fill("I came in with Discord.")
    visitor.page.get_by_role("button", name="Open ticket").click()
    visitor.sees("I came in with Discord.")
    assert visitor.complaints == []


def test_one_ends_at_the_ticket_one_wanted_to_read(
    visit: Visit, discord: DiscordServer, server: Server, lena: int
) -> None:
    discord.operations.log_in_as(lena)
    visitor = visit()
    press(visitor)
    expect(visitor.page.locator("#connection")).to_have_text("Live")
    token = visitor.page.evaluate("JSON.parse(localStorage['hazebot.sign-in']).token")
    ticket = httpx.post(
        f"{server.url}/api/tickets",
        headers={"Authorization": f"Bearer {token}"},
        json={"subject": "A link in a mail", "description": "It leads to this ticket."},
    ).json()
    again = visit()
    again.page.goto(f"{server.url}/#/t/{ticket['ticket_id']}")
    press(again)
    expect(again.page.locator(".talk h1")).to_have_text("A link in a mail")
    assert again.page.url == f"{server.url}/#/t/{ticket['ticket_id']}"
    assert again.complaints == []


def test_the_address_of_the_way_back_does_not_stay_in_the_history(
    visit: Visit, discord: DiscordServer, server: Server, lena: int
) -> None:
    discord.operations.leave_login()  # Discord's page is shown, and somebody chooses
    visitor = visit()
    press(visitor)
    visitor.page.get_by_role("link", name="lena").click()
    expect(visitor.page.locator("#who")).to_have_text("lena")
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", name="Who are you?")).to_be_visible()
    visitor.page.go_forward()
    expect(visitor.page.locator("#who")).to_have_text("lena")
    assert visitor.page.url == f"{server.url}/"


@pytest.mark.parametrize(
    ("person", "sentence"),
    [("says no", "did not agree"), ("otto", "not a member"), ("fails", "does not answer right now")],
)
def test_who_cannot_sign_in_is_told_why(
    visit: Visit, discord: DiscordServer, server: Server, lena: int, person: str, sentence: str
) -> None:
    if person == "says no":
        discord.operations.refuse_login()
    elif person == "otto":
        discord.operations.log_in_as(discord.people.make_person("otto"))
    else:
        discord.operations.log_in_as(lena)
        discord.operations.fault("POST", "/oauth2/token", status=500)
    visitor = visit()
    press(visitor)
    problem(visitor).to_contain_text(sentence)
    expect(visitor.page.locator("#app")).to_be_hidden()
    assert visitor.page.url == f"{server.url}/"
    assert visitor.complaints == []


def test_a_link_with_somebody_elses_token_signs_nobody_in(
    visit: Visit, discord: DiscordServer, server: Server, lena: int
) -> None:
    """Else one could be led to write under another's name, where that one reads it."""
    discord.operations.log_in_as(lena)
    begun = httpx.get(f"{server.url}/api/discord/auth").json()["auth_url"]
    back = httpx.get(httpx.get(begun).headers["Location"]).headers["Location"]
    assert "?token=" in back
    victim = visit()
    victim.page.goto(back)
    problem(victim).to_contain_text("not begun here")
    assert victim.page.evaluate("localStorage.length") == 0
    token = back.partition("token=")[2]
    ping = httpx.get(f"{server.url}/api/ping", headers={"Authorization": f"Bearer {token}"})
    assert ping.status_code == 401


def test_a_server_that_cannot_begin_says_so(visit: Visit, discord: DiscordServer, server: Server) -> None:
    visitor = visit()
    visitor.page.route("**/api/discord/auth*", lambda route: route.abort())
    press(visitor)
    problem(visitor).to_contain_text("cannot be reached")
    expect(visitor.page.get_by_role("button", name="Sign in with Discord")).to_be_enabled()
