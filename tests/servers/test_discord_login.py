"""People log in with Discord: the code grant with PKCE, as a site does it through httpx."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

pytestmark = pytest.mark.workers

VERIFIER = "a-verifier-that-is-long-enough-for-anyone-who-asks"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "https://haze.example/api/discord/callback"


@pytest.fixture
async def client(discord_server):
    async with httpx.AsyncClient(verify=False, base_url=f"{discord_server.base_url}/api/") as client:
        yield client


@pytest.fixture
def asks(discord_server, client):
    """Goes to the authorize page and gives what it sends back in the address."""

    async def ask(**more: str) -> dict[str, str]:
        query = {
            "response_type": "code", "client_id": str(discord_server.application_id), "redirect_uri": BACK,
            "scope": "identify guilds.members.read", "state": "s1", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | more  # fmt: skip
        answer = await client.get("oauth2/authorize", params=query)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(BACK)
        return {
            name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()
        }

    return ask


@pytest.fixture
def exchanges(discord_server, client):
    async def exchange(code: str, **more: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER,
            "client_id": str(discord_server.application_id), "client_secret": discord_server.client_secret,
        } | more  # fmt: skip
        return await client.post("oauth2/token", data=form)

    return exchange


@pytest.fixture
def alice(discord_server) -> int:
    role = discord_server.people.make_role("Moderator")
    person = discord_server.people.make_member("alice", "Alice", roles=[role])
    discord_server.operations.log_in_as(person)
    return person


async def test_a_person_logs_in_and_shows_their_roles(discord_server, client, alice, asks, exchanges):
    back = await asks()
    assert back["state"] == "s1"
    token = (await exchanges(back["code"])).json()
    assert (token["token_type"], token["scope"]) == ("Bearer", "identify guilds.members.read")
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    me = (await client.get("users/@me")).json()
    assert (me["id"], me["global_name"], "email" in me) == (str(alice), "Alice", False)
    member = (await client.get(f"users/@me/guilds/{discord_server.guild_id}/member")).json()
    assert len(member["roles"]) == 1
    assert (await client.get("users/@me/guilds")).status_code == 401
    discord_server.people.leave(alice)
    gone = await client.get(f"users/@me/guilds/{discord_server.guild_id}/member")
    assert (gone.status_code, gone.json()["code"]) == (404, 10004)


async def test_a_code_is_good_once_for_its_verifier_and_its_address(alice, asks, exchanges):
    code = (await asks())["code"]
    assert (await exchanges(code, client_secret="wrong")).json()["error"] == "invalid_client"
    assert (await exchanges(code)).status_code == 200
    for spoiled in (
        await exchanges(code),
        await exchanges((await asks())["code"], code_verifier="another-verifier-that-is-long-enough-too"),
        await exchanges((await asks())["code"], redirect_uri=f"{BACK}/"),
    ):
        assert (spoiled.status_code, spoiled.json()["error"]) == (400, "invalid_grant")


async def test_an_old_code_is_refused(discord_server, alice, asks, exchanges):
    code = (await asks())["code"]
    discord_server.operations.advance(601)
    assert (await exchanges(code)).json()["error"] == "invalid_grant"


async def test_tokens_are_renewed_revoked_and_run_out(discord_server, client, alice, asks, exchanges):
    first = (await exchanges((await asks())["code"])).json()
    client_of_ours = (str(discord_server.application_id), discord_server.client_secret)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await client.post("oauth2/token", data=form, auth=client_of_ours)).json()

    async def status(token: dict[str, str]) -> int:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return (await client.get("users/@me", headers=headers)).status_code

    assert [await status(first), await status(second)] == [401, 200]
    await client.post("oauth2/token/revoke", data={"token": second["access_token"]}, auth=client_of_ours)
    assert await status(second) == 401
    third = (await exchanges((await asks())["code"])).json()
    discord_server.operations.advance(604_801)
    assert await status(third) == 401


async def test_a_refusal_comes_back_as_an_error(discord_server, alice, asks):
    discord_server.operations.refuse_login()
    back = await asks()
    assert (back["error"], back["state"], "code" in back) == ("access_denied", "s1", False)
    assert (await asks(scope="identify everything"))["error"] == "invalid_scope"


async def test_a_stranger_and_an_unregistered_address_are_sent_nowhere(discord_server, client, alice):
    discord_server.operations.register_redirects([BACK])
    query = {"response_type": "code", "client_id": str(discord_server.application_id), "scope": "identify"}
    for wrong in ({"redirect_uri": "https://evil.example/"}, {"redirect_uri": BACK, "client_id": "17"}):
        assert (await client.get("oauth2/authorize", params=query | wrong)).status_code == 400


async def test_the_page_asks_who_it_is_when_nobody_is_logged_in(discord_server, client):
    discord_server.people.make_member("bob <b>")
    query = {"response_type": "code", "client_id": str(discord_server.application_id), "scope": "identify"}
    page = await client.get("oauth2/authorize", params=query | {"redirect_uri": BACK})
    assert "bob &lt;b&gt;" in page.text
    link = page.text.split('href="')[2].split('"')[0].replace("&amp;", "&")
    answer = await client.get(f"oauth2/authorize{link}")
    assert answer.headers["Location"].startswith(f"{BACK}?code=")
