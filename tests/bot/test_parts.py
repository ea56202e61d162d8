"""The bot's parts over the API, the guild as rows, and a role that is taken away in Discord."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.workers, pytest.mark.once]


def test_parts_are_unloaded_and_loaded_in_the_running_bot(community):
    ada, nora = community.client("ada"), community.people["nora"]
    general = community.discord.general_id
    names = {one["name"]: one["loaded"] for one in ada.get("/api/cogs").json()["cogs"]}
    assert names == dict.fromkeys(
        (
            "general",
            "guild_rows",
            "memes",
            "moderation",
            "presence",
            "rocket_league",
            "server_guide",
            "tickets",
            "welcome",
        ),
        True,
    )
    assert "Pong!" in community.words(community.discord.interface.slash(nora, general, "ping"))
    answer = ada.post("/api/cogs/unload", json={"cog_name": "general"})
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    commands = community.discord.people.dump()["commands"]
    assert "ping" not in [one["name"] for one in commands]
    again = ada.post("/api/cogs/unload", json={"cog_name": "general"})
    assert (again.status_code, again.json()["code"]) == (409, "cog_not_loaded")
    assert ada.post("/api/cogs/load", json={"cog_name": "general"}).status_code == 200
    assert "Pong!" in community.words(community.discord.interface.slash(nora, general, "ping"))
    assert ada.post("/api/cogs/reload", json={"cog_name": "tickets"}).status_code == 200
    unknown = ada.post("/api/cogs/load", json={"cog_name": "nonsense"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_cog")


def test_the_guild_is_there_as_rows(community):
    ada = community.client("ada")
    role = community.discord.people.make_role("Newcomer")

    def roles():
        return {one["id"]: one["name"] for one in ada.get("/api/guild/roles").json()["roles"]}

    community.wait(lambda: roles().get(str(role)) == "Newcomer")
    channel = community.discord.people.make_channel("just-made")
    listed = lambda: [one["id"] for one in ada.get("/api/guild/channels").json()["channels"]]  # noqa: E731
    community.wait(lambda: str(channel) in listed())
    community.discord.people.delete_channel(channel)
    community.wait(lambda: str(channel) not in listed())


def test_figures_of_the_bot(community):
    stats = community.client("ada").get("/api/admin/stats").json()
    assert stats["bot_online"] is True
    assert stats["total_guilds"] == 1
    assert stats["total_members"] >= 3
    assert stats["mirrors_behind"] == 0


def test_a_role_taken_away_in_discord_ends_the_right(community):
    discord, staff = community.discord.people, community.people["max"]
    ticket = community.site.open_ticket("alice", "A role is taken away")
    place = community.place(ticket["ticket_num"])["id"]
    discord.take_role(staff, community.roles["moderator"])
    community.wait(lambda: place not in discord.channels_of(staff))
    refused = community.discord.interface.slash(staff, community.discord.general_id, "clear", {"count": 1})
    assert "may not" in community.words(refused)
    discord.give_role(staff, community.roles["moderator"])


def test_moderators_clear_and_warn_and_it_is_kept(community):
    discord, nora, staff = community.discord.people, community.people["nora"], community.people["max"]
    channel, log = discord.make_channel("noise"), discord.make_channel("log")
    community.client("ada").put("/api/config/channels", json={"log_channel_id": str(log)}).raise_for_status()
    for number in range(3):
        discord.write(nora, channel, f"noise {number}")
    done = community.discord.interface.slash(staff, channel, "clear", {"count": 2})
    assert community.words(done) == "Deleted 2 messages."
    assert [one["content"] for one in discord.messages(channel)] == ["noise 0"]
    warned = community.discord.interface.slash(staff, channel, "warn", {"member": nora, "reason": "noise"})
    assert community.words(warned) == "Warned."
    assert "You were warned: noise" in [one["content"] for one in discord.direct_messages(nora)]
    assert [one["content"] for one in discord.messages(log)] == [
        "🛡️ **max** · clear · 2 in #noise",
        "🛡️ **max** · warn **nora** · noise",
    ]


def test_rules_follow_the_configuration_and_give_the_role(community):
    discord, ada, nora = community.discord.people, community.client("ada"), community.people["nora"]
    channel, member = discord.make_channel("rules"), discord.make_role("Member")
    ada.put("/api/config/roles", json={"member_role_id": str(member)}).raise_for_status()
    ada.put("/api/config/channels", json={"welcome_rules_channel_id": str(channel)}).raise_for_status()
    ada.put("/api/config/welcome", json={"rules_text": "Be kind."}).raise_for_status()
    shown = lambda: [one["embeds"][0]["description"] for one in discord.messages(channel)]  # noqa: E731
    community.wait(lambda: shown() == ["Be kind."])
    ada.put("/api/config/welcome", json={"rules_text": "Be kind, always."}).raise_for_status()
    community.wait(lambda: shown() == ["Be kind, always."])
    message = discord.messages(channel)[0]["id"]
    click = community.discord.interface.click(nora, message, "welcome:accept")
    assert community.words(click) == "Welcome in!"
    members = {one["id"]: one["roles"] for one in discord.dump()["members"]}
    assert member in members[nora]


def test_new_members_are_welcomed(community):
    discord = community.discord.people
    channel = discord.make_channel("welcome")
    setting = {"welcome_public_channel_id": str(channel)}
    community.client("ada").put("/api/config/channels", json=setting).raise_for_status()
    discord.make_member("zoe")
    community.wait(lambda: any("Welcome" in one["content"] for one in discord.messages(channel)))
