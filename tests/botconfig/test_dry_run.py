"""A change that the bot could not carry out is refused; while nobody can look it is marked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from botconfig import guild, services, verification
from botconfig.models import BotPresence, Cog, GuildChannel, GuildMember, GuildRole, SectionVersion
from tests.botconfig.guild import (
    FULL,
    GUILD,
    HIGH,
    LOG,
    LOW,
    MANAGED,
    NEWS,
    OWN,
    TICKETS,
    VOICE,
    bot_is_there,
    me,
    stands,
)  # fmt: skip

pytestmark = pytest.mark.django_db
CHANNELS, ROLES = "/api/config/channels", "/api/config/roles"
NOWHERE = 999


@pytest.fixture(autouse=True)
def place(settings, monkeypatch):
    settings.DISCORD_GUILD_ID = GUILD
    monkeypatch.setattr(services, "HEARD_WITHIN_SECONDS", 0)


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


@pytest.fixture
def bot():
    stands()
    bot_is_there()


REFUSED = [
    (CHANNELS, {"log_channel_id": NOWHERE}, {"log_channel_id": "unknown_channel"}),
    (CHANNELS, {"log_channel_id": VOICE}, {"log_channel_id": "wrong_kind"}),
    (CHANNELS, {"log_channel_id": TICKETS}, {"log_channel_id": "wrong_kind"}),
    (CHANNELS, {"tickets_category_id": LOG}, {"tickets_category_id": "wrong_kind"}),
    (CHANNELS, {"tickets_category_id": FULL}, {"tickets_category_id": "category_full"}),
    (
        CHANNELS,
        {"meme_channel_id": LOG, "rl_channel_id": NOWHERE, "todo_channel_id": VOICE},
        {"rl_channel_id": "unknown_channel", "todo_channel_id": "wrong_kind"},
    ),
    (ROLES, {"moderator_role_id": NOWHERE}, {"moderator_role_id": "unknown_role"}),
    (ROLES, {"admin_role_id": GUILD}, {"admin_role_id": "role_is_everyone"}),
    (ROLES, {"member_role_id": HIGH}, {"member_role_id": "role_too_high"}),
    (ROLES, {"member_role_id": OWN}, {"member_role_id": "role_is_managed"}),
    (ROLES, {"member_role_id": MANAGED}, {"member_role_id": "role_is_managed"}),
    (ROLES, {"interest_role_ids": [LOW, HIGH]}, {"interest_role_ids.1": "role_too_high"}),
    (ROLES, {"interest_roles": {"games": NOWHERE}}, {"interest_roles.games": "unknown_role"}),
]


@pytest.mark.parametrize(("url", "body", "reasons"), REFUSED)
def test_what_cannot_be_carried_out_is_refused_with_the_reason(admin, bot, url, body, reasons):
    answer = admin.put(url, body)
    said = answer.json()
    assert (answer.status_code, said["code"], said["reasons"]) == (409, "cannot_be_carried_out", reasons)
    assert said["fields"].keys() == reasons.keys() and all(said["fields"].values())
    assert said["error"].startswith(tuple(reasons))
    assert not SectionVersion.objects.exists()


ALLOWED = [
    (CHANNELS, {"log_channel_id": LOG, "changelog_channel_id": NEWS, "tickets_category_id": TICKETS}),
    (CHANNELS, {"log_channel_id": None}),
    (ROLES, {"admin_role_id": HIGH, "moderator_role_id": OWN, "changelog_role_id": MANAGED}),
    (ROLES, {"member_role_id": LOW, "interest_role_ids": [LOW], "interest_roles": {"games": LOW}}),
]


@pytest.mark.parametrize(("url", "body"), ALLOWED)
def test_what_can_is_verified(admin, bot, url, body):
    answer = admin.put(url, body)
    assert (answer.status_code, answer["X-Verification"]) == (200, "verified")
    assert admin.get(f"{url}/verification").json()["problems"] == []


def test_the_bots_own_right_to_give_roles_counts(admin, bot):
    GuildRole.objects.filter(id=OWN).update(permissions=0)
    answer = admin.put(ROLES, {"member_role_id": LOW})
    assert answer.json()["reasons"] == {"member_role_id": "may_not_give_roles"}
    GuildRole.objects.filter(id=GUILD).update(permissions=1 << 3)
    assert admin.put(ROLES, {"member_role_id": LOW}).status_code == 200


def away():
    BotPresence.objects.all().delete()


def forgotten():
    BotPresence.objects.update(until=timezone.now() - timedelta(seconds=1))


def elsewhere():
    bot_is_there(guild_known=False)


def disconnected():
    bot_is_there(connected=False)


def without_its_part():
    Cog.objects.update(loaded=False)


def never_seen():
    GuildMember.objects.all().delete()


@pytest.mark.parametrize("gone", [away, forgotten, elsewhere, disconnected, without_its_part, never_seen])
def test_while_nobody_can_look_it_is_accepted_and_marked(admin, bot, gone):
    gone()
    answer = admin.put(CHANNELS, {"log_channel_id": NOWHERE})
    assert (answer.status_code, answer["X-Verification"]) == (200, "unverified")
    assert answer.json()["log_channel_id"] == str(NOWHERE)
    assert admin.get(CHANNELS)["X-Verification"] == "unverified"
    assert admin.get(f"{CHANNELS}/verification").json()["state"] == "unverified"
    assert verification.is_unverified()


def test_everybodys_role_is_refused_even_then(admin):
    answer = admin.put(ROLES, {"moderator_role_id": GUILD})
    assert answer.json()["reasons"] == {"moderator_role_id": "role_is_everyone"}


def test_when_the_bot_is_back_what_fails_is_told(admin, ada, client, caplog):
    admin.put(CHANNELS, {"log_channel_id": NOWHERE, "meme_channel_id": LOG})
    admin.put(ROLES, {"member_role_id": LOW})
    stands()
    found = admin.get(f"{CHANNELS}/verification").json()
    assert (found["state"], found["version"]) == ("failed", 1)
    assert [(one["field"], one["code"]) for one in found["problems"]] == [
        ("log_channel_id", "unknown_channel")
    ]
    assert admin.get(f"{ROLES}/verification").json()["state"] == "verified"
    said = [one.msg for one in caplog.records if "configuration_not_carried_out" in str(one.msg)]
    assert len(said) == 1 and said[0]["field"] == "log_channel_id"
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert (
        "There is no such channel" in client.get("/admin/botconfig/section/channels/change/").content.decode()
    )
    assert "Settings the bot cannot carry out" in client.get("/admin/").content.decode()
    caplog.clear()
    stands()
    assert not [one for one in caplog.records if "configuration_not_carried_out" in str(one.msg)]


def test_what_goes_away_in_discord_is_told_and_what_comes_back_too(admin, bot):
    admin.put(CHANNELS, {"log_channel_id": LOG})
    admin.put(ROLES, {"member_role_id": LOW})
    guild.forget_channel(LOG)
    guild.keep_role(GuildRole(id=LOW, name="Member", position=9))
    assert admin.get(CHANNELS)["X-Verification"] == "failed"
    assert admin.get(f"{ROLES}/verification").json()["problems"][0]["code"] == "role_too_high"
    guild.keep_channel(GuildChannel(id=LOG, name="log", kind="text"))
    guild.keep_role(GuildRole(id=HIGH, name="Higher", position=20))
    guild.keep_member(
        GuildMember(id=me().id, name="haze", display_name="Haze", role_ids=[OWN, HIGH], is_me=True)
    )
    assert admin.get(CHANNELS)["X-Verification"] == "verified"
    assert admin.get(ROLES)["X-Verification"] == "verified"


def test_an_old_problem_is_in_nobodys_way(admin, bot):
    """Whoever sends the whole section back, or another field of it, did not cause it."""
    admin.put(CHANNELS, {"log_channel_id": LOG})
    guild.forget_channel(LOG)
    whole = admin.get(CHANNELS).json()
    assert admin.put(CHANNELS, {**whole, "meme_channel_id": NEWS}).status_code == 200
    assert admin.get(CHANNELS)["X-Verification"] == "failed"
    assert admin.put(CHANNELS, {"log_channel_id": None}).status_code == 200
    assert admin.get(CHANNELS)["X-Verification"] == "verified"


def test_a_rollback_to_what_is_gone_is_refused_and_a_reset_never(admin, bot):
    admin.put(CHANNELS, {"log_channel_id": LOG})
    admin.put(CHANNELS, {"log_channel_id": NEWS})
    guild.forget_channel(LOG)
    answer = admin.post(f"{CHANNELS}/rollback", {"version": 1})
    assert (answer.status_code, answer.json()["reasons"]) == (409, {"log_channel_id": "unknown_channel"})
    assert admin.get(CHANNELS).json()["log_channel_id"] == str(NEWS)
    assert admin.post(f"{CHANNELS}/reset").status_code == 200


def test_a_channel_that_was_just_made_is_waited_for(admin, bot, monkeypatch):
    """The person is faster than the bot."""

    def a_moment(_seconds):
        guild.keep_channel(GuildChannel(id=NOWHERE, name="new", kind="text"))

    monkeypatch.setattr(services.time, "sleep", a_moment)
    monkeypatch.setattr(services, "is_inside", lambda: False)
    assert admin.put(CHANNELS, {"log_channel_id": NOWHERE}).status_code == 200


def test_what_the_bot_sets_itself_needs_no_look(bot):
    assert services.set_by_bot("channels", {"tickets_category_id": "31"}).version == 1


def test_a_role_of_the_environment_that_is_not_there_is_told(admin, settings):
    settings.ADMIN_ROLE_ID = NOWHERE
    stands()
    found = admin.get(f"{ROLES}/verification").json()
    assert [(one["field"], one["code"]) for one in found["problems"]] == [("admin_role_id", "unknown_role")]


def test_sections_that_name_nothing_of_the_guild_cost_no_look(admin, bot, django_assert_max_num_queries):
    with django_assert_max_num_queries(12) as counted:
        admin.put("/api/config/general", {"bot_name": "A"})
    assert not [one for one in counted.captured_queries if "botconfig_guild" in one["sql"]]


def test_a_look_costs_as_much_in_a_large_guild(admin, bot, django_assert_max_num_queries):
    GuildChannel.objects.bulk_create(GuildChannel(id=5000 + one, name="x", kind="text") for one in range(400))
    with django_assert_max_num_queries(20):
        admin.put(CHANNELS, {"log_channel_id": LOG})
