"""Every route of the Discord of the tests, asked directly: what it gives, and what it refuses."""

from __future__ import annotations

import httpx
import pytest

from tests.servers.discord import payloads
from tests.servers.discord.rest.door import DOORS
from tests.servers.discord.state import Channel, ChannelKind, Thread

pytestmark = pytest.mark.workers

BOT_DOORS = [door for door in DOORS if door.auth == "bot"]
READS = [door for door in DOORS if door.method == "GET" and not door.path.startswith("/oauth2/")]

LISTS = ("channels", "members", "roles", "webhooks", "commands")


@pytest.fixture
async def client(discord_server):
    headers = {"Authorization": f"Bot {discord_server.token}"}
    async with httpx.AsyncClient(verify=False, base_url=discord_server.api_url, headers=headers) as client:
        yield client


@pytest.fixture
async def ids(discord_server, client) -> dict[str, str]:
    """One of everything: the part of a path -> what to put there."""
    people, general = discord_server.people, discord_server.general_id
    alice, role = people.make_member("alice"), people.make_role("Helper")
    hook = (await client.post(f"channels/{general}/webhooks", json={"name": "Desk"})).json()
    posted = await client.post(f"webhooks/{hook['id']}/{hook['token']}?wait=1", json={"content": "hi"})
    target = f"applications/{discord_server.application_id}/guilds/{discord_server.guild_id}/commands"
    command = await client.post(target, json={"name": "open", "description": "Opens"})
    old = people.open_thread(discord_server.community.owner.id, general, "old")
    people.edit_thread(discord_server.community.owner.id, old, archived=True)
    return {
        "channel": str(general), "guild": str(discord_server.guild_id), "person": str(alice),
        "role": str(role),
        "message": posted.json()["id"], "webhook": hook["id"], "token": hook["token"], "kind": "public",
        "application": str(discord_server.application_id), "command": command.json()["id"],
    }  # fmt: skip


@pytest.fixture
def thread(discord_server) -> int:
    owner = discord_server.community.owner.id
    made = discord_server.people.open_thread(owner, discord_server.general_id, "a thread", private=True)
    discord_server.people.join_thread(discord_server.community.bot.id, made, by=owner)
    return made


async def test_what_is_there_can_be_read(discord_server, client, ids, thread):
    discord_server.operations.limits(on=False)
    for door in READS:
        put = ids | {"channel": str(thread), "person": "@me"} if "thread-members" in door.path else ids
        answer = await client.get(door.path.format(**put), params={"limit": 10})
        assert answer.status_code == (401 if door.auth == "bearer" else 200), (door.route, answer.text)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() or door.path.endswith("{application}/commands"), door.route


async def test_without_the_token_nothing_is_given_or_done(discord_server, client, ids):
    before = discord_server.people.dump()
    client.headers["Authorization"] = "Bot wrong"
    for door in BOT_DOORS:
        path = door.path.format(**ids, overwrite=ids["person"])
        answer = await client.request(door.method, path, json={})
        assert (answer.status_code, answer.json()) == (401, {"message": "401: Unauthorized", "code": 0}), (
            door.route
        )
    after = discord_server.people.dump()
    assert [len(after[kind]) for kind in LISTS] == [len(before[kind]) for kind in LISTS]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "channels/{channel}/messages?limit=101", None),
        ("GET", "channels/{channel}/messages?after=yesterday", None),
        ("GET", "channels/general", None),
        ("POST", "channels/{channel}/messages", []),
        ("POST", "channels/{channel}/messages", {"content": "x", "nonce": "n" * 26}),
        ("POST", "channels/{channel}/messages", {"content": "x", "message_reference": {"message_id": "17"}}),
        ("POST", "channels/{channel}/messages", {"embeds": [{}]}),
        ("POST", "channels/{channel}/messages", {"embeds": [{"fields": [{"name": "", "value": "x"}]}]}),
        ("POST", "channels/{channel}/messages", {"components": [{"type": 2, "style": 1, "custom_id": "x"}]}),
        ("POST", "channels/{channel}/messages", {"components": [{"type": 1, "components": []}]}),
        ("POST", "channels/{channel}/messages/bulk-delete", {"messages": ["17"]}),
        ("POST", "guilds/{guild}/channels", {"name": ""}),
        ("POST", "guilds/{guild}/channels", {"name": "x", "type": 12}),
        ("POST", "guilds/{guild}/channels", {"name": "x", "parent_id": "{channel}"}),
        ("POST", "channels/{channel}/threads", {"name": "x", "type": 1}),
        ("POST", "channels/{channel}/threads", {"name": "x", "auto_archive_duration": 7}),
        ("POST", "channels/{channel}/webhooks", {"name": "Discord support"}),
        ("POST", "webhooks/{webhook}/{token}", {"content": "x", "username": "x" * 81}),
        ("PUT", "applications/{application}/commands", [{"name": "Big Name", "description": "x"}]),
        ("PATCH", "guilds/{guild}/members/{person}", {"nick": "x" * 33}),
    ],
)
async def test_bad_input_is_told_where_it_is_wrong_and_changes_nothing(
    discord_server, client, ids, method, path, body
):
    discord_server.operations.limits(on=False)
    before = discord_server.people.dump()
    answer = await client.request(method, path.format(**ids), json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] in (50035, 50016)
    after = discord_server.people.dump()
    assert {**after, "requests": []} == {**before, "requests": []}


async def test_a_message_can_carry_a_thread_of_its_own(client, ids):
    path = "channels/{channel}/messages/{message}".format(**ids)
    answer = await client.post(f"{path}/threads", json={"name": "on it"})
    assert (answer.status_code, answer.json()["id"]) == (201, ids["message"])
    again = await client.post(f"{path}/threads", json={"name": "on it"})
    assert again.json()["code"] == 160004
    assert (await client.get(path)).json()["thread"]["name"] == "on it"
    assert (await client.delete(f"channels/{ids['message']}")).status_code == 200
    assert "thread" not in (await client.get(path)).json()


async def test_members_are_renamed_silenced_and_given_roles(discord_server, client, ids):
    path = "guilds/{guild}/members/{person}".format(**ids)
    until = "2099-01-01T00:00:00+00:00"
    changes = {"nick": "Al", "roles": [ids["role"]], "communication_disabled_until": until}
    member = (await client.patch(path, json=changes)).json()
    assert (member["nick"], member["roles"]) == ("Al", [ids["role"]])
    assert discord_server.people.may(ids["person"], ids["channel"]) == 1 << 10 | 1 << 16
    owner = f"guilds/{ids['guild']}/members/{discord_server.community.owner.id}"
    assert (await client.patch(owner, json={"nick": "Boss"})).json()["code"] == 50013


async def test_what_is_deleted_is_unknown_afterwards(discord_server, client, ids):
    for path in (
        "applications/{application}/guilds/{guild}/commands/{command}",
        "webhooks/{webhook}/{token}/messages/{message}",
        "webhooks/{webhook}",
        "channels/{channel}",
    ):
        first, second = [await client.delete(path.format(**ids)) for _ in range(2)]
        assert (first.status_code in (200, 204), second.status_code) == (True, 404)
    assert discord_server.people.dump()["webhooks"] == []


async def test_an_overwrite_can_be_set_and_taken_away(discord_server, client, ids):
    path = "channels/{channel}/permissions/{person}".format(**ids)
    assert (await client.put(path, json={"type": 1, "deny": str(1 << 10)})).status_code == 204
    assert discord_server.people.channels_of(ids["person"]) == []
    assert (await client.delete(path)).status_code == 204
    assert int(ids["channel"]) in discord_server.people.channels_of(ids["person"])


async def test_a_guild_takes_five_hundred_channels_and_a_thousand_active_threads(discord_server, client, ids):
    channels, guild, general = discord_server.community.channels, ids["guild"], discord_server.general_id
    for number in range(1, 500):
        channels[number] = Channel(number, ChannelKind.TEXT, "full")
    full = await client.post(f"guilds/{guild}/channels", json={"name": "one more"})
    assert (full.status_code, full.json()["code"]) == (400, 30013)
    for number in range(500, 1500):
        thread = Thread(discord_server.community.owner.id, 0.0)
        channels[number] = Channel(
            number, ChannelKind.PUBLIC_THREAD, "busy", parent_id=general, thread=thread
        )
    full = await client.post(f"channels/{general}/threads", json={"name": "one more"})
    assert (full.status_code, full.json()["code"]) == (400, 160006)
    channels[500].thread.archived = True
    assert (await client.post(f"channels/{general}/threads", json={"name": "one more"})).status_code == 201


async def test_a_shape_that_discord_does_not_have_is_an_error_of_this_server(
    discord_server, client, monkeypatch
):
    monkeypatch.setattr(payloads, "account", lambda _person: {"id": 17})
    assert (await client.get("users/@me")).status_code == 500
    assert "ACCOUNT" in discord_server.complaints.pop()
    assert discord_server.complaints == []
