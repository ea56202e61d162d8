"""The guild as rows, and what a member's roles in Discord give them at the site."""

from __future__ import annotations

import pytest

from accounts import people
from accounts.models import User
from accounts.roles import Role
from botconfig import cogs, guild
from botconfig.jobs import give_roles_anew
from botconfig.models import BotPresence, Cog, GuildChannel, GuildMember, GuildRole
from botconfig.services import change_section
from hazesite.jobs.models import Job
from tests.bot.test_cogs_api import is_there

pytestmark = pytest.mark.django_db
ADMINS, MODERATORS, NORA = 2**60 + 1, 2**60 + 2, 2**60 + 3


@pytest.fixture(autouse=True)
def roles(settings, ada):
    settings.ADMIN_ROLE_ID, settings.MODERATOR_ROLE_ID = ADMINS, None
    change_section("roles", {"moderator_role_id": str(MODERATORS)}, ada)


@pytest.fixture
def nora() -> User:
    return people.person_from_discord(people.Profile(NORA, "nora", role_ids=[MODERATORS]))


def member(member_id=NORA, *role_ids, name="nora"):
    return GuildMember(id=member_id, name=name, display_name=name, role_ids=list(role_ids))


def everything(*members):
    channels = [GuildChannel(id=1, name="general", kind="text"), GuildChannel(id=2, name="log", kind="text")]
    return guild.Guild(channels, [GuildRole(id=ADMINS, name="Admin")], list(members))


def test_a_role_set_in_the_configuration_counts(nora):
    assert nora.role == Role.MODERATOR


def test_what_the_environment_sets_wins(nora, settings):
    settings.MODERATOR_ROLE_ID = ADMINS
    assert guild.role_ids()[Role.MODERATOR] == ADMINS


def test_a_role_taken_away_ends_the_right_at_the_next_request(nora, client_of, ticket):
    client = client_of(nora)
    note = f"/api/tickets/{ticket.public_id}/notes"
    assert client.post(note, {"message": "Only staff see this."}).status_code == 200
    guild.keep_member(member())
    assert client.post(note, {"message": "Nor may I write it."}).status_code in (403, 404)
    assert client.get("/api/users/me").json()["role"] == Role.LOOTLING


def test_a_role_given_counts_at_once(nora):
    guild.keep_member(member(NORA, ADMINS))
    nora.refresh_from_db()
    assert nora.is_admin


def test_who_leaves_keeps_no_role_of_the_guild(nora):
    guild.keep_member(member(NORA, MODERATORS))
    guild.forget_member(NORA)
    nora.refresh_from_db()
    assert nora.guild_role == ""
    assert not GuildMember.objects.exists()


def test_a_change_of_the_configured_role_is_followed(nora, ada):
    """Whom the bot has never seen keeps what they have: nothing is known of them."""
    unseen = people.person_from_discord(people.Profile(NORA + 1, "zoe", role_ids=[MODERATORS]))
    guild.keep_member(member(NORA, MODERATORS))
    for role_id, expected in ((MODERATORS + 50, Role.LOOTLING), (MODERATORS, Role.MODERATOR)):
        Job.objects.all().delete()
        change_section("roles", {"moderator_role_id": str(role_id)}, ada)
        assert Job.objects.get().task == give_roles_anew.module_path
        give_roles_anew.call()
        nora.refresh_from_db()
        assert nora.role == expected
    unseen.refresh_from_db()
    assert unseen.role == Role.MODERATOR


def test_other_sections_give_nobody_another_role(ada):
    Job.objects.all().delete()
    change_section("general", {"bot_name": "Hazel"}, ada)
    assert not Job.objects.exists()


def test_the_whole_guild_replaces_what_was_known(nora):
    GuildChannel.objects.create(id=9, name="gone", kind="text")
    GuildChannel.objects.create(id=1, name="old name", kind="text")
    GuildRole.objects.create(id=9, name="gone")
    GuildMember.objects.create(id=9, name="gone", display_name="gone")
    guild.keep_guild(everything(member(9 + 1, name="zoe")))
    assert dict(GuildChannel.objects.values_list("id", "name")) == {1: "general", 2: "log"}
    assert list(GuildRole.objects.values_list("name", flat=True)) == ["Admin"]
    assert list(GuildMember.objects.values_list("name", flat=True)) == ["zoe"]
    nora.refresh_from_db()
    assert nora.guild_role == ""  # left while no bot was there


def test_a_large_guild_takes_few_queries(django_assert_max_num_queries):
    ids = range(1000, 2500)
    User.objects.bulk_create(
        User(username=f"m{one}", user_id=str(one), discord_id=one, password="!") for one in ids
    )
    found = everything(*(member(one, MODERATORS, name=f"m{one}") for one in ids))
    with django_assert_max_num_queries(40):
        guild.keep_guild(found)
    assert User.objects.filter(guild_role=Role.MODERATOR).count() == GuildMember.objects.count() == len(ids)


def test_rows_follow_one_change_after_another():
    guild.keep_channel(GuildChannel(id=5, name="new", kind="text"))
    guild.keep_channel(GuildChannel(id=5, name="renamed", kind="text"))
    guild.keep_role(GuildRole(id=6, name="Newcomer"))
    guild.keep_role(GuildRole(id=6, name="Member"))
    assert GuildChannel.objects.get().name == "renamed"
    assert GuildRole.objects.get().name == "Member"
    guild.forget_channel(5)
    guild.forget_role(6)
    assert not GuildChannel.objects.exists() and not GuildRole.objects.exists()


def test_roles_are_asked_for_where_nobody_follows_the_guild():
    assert people.bot_is_away()
    is_there()
    assert people.bot_is_away()  # connected, but the part that follows the guild does not run
    Cog.objects.create(name="guild_rows", loaded=True)
    assert not people.bot_is_away()
    assert not cogs.bot_is_away()
    BotPresence.objects.update(facts={})
    assert people.bot_is_away()
