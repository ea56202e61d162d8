"""Taking over the original's configuration: all or nothing, once, and nothing is left unsaid."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from botconfig.models import SectionVersion
from botconfig.services import change_section, read_section
from tests.botconfig.guild import GUILD, LOG, TICKETS, bot_is_there, stands

pytestmark = pytest.mark.django_db
ORIGINAL = {
    "general": {
        "bot_name": "Haze World Bot",
        "command_prefix": "!",
        "presence_update_interval": 600,
        "message_cooldown": 5,
        "fuzzy_matching_threshold": 0.7,
        "pink_color": 0xAD1457,
        "embed_footer_text": "Powered by Haze World",
        "role_names": {"user": "Lootling", "mod": "Slot Keeper", "admin": "Admin"},
    },
    "channels": {"log_channel_id": 1404865907098779648, "gaming_channel_id": 5, "meme_channel_id": 0},
    "roles": {
        "admin_role_id": "1424466881862959294",
        "interest_role_ids": [1424465865297887345, 1424465951792828477],
        "interest_roles": {"Chat & Memes": 1424465865297887345},
    },
    "meme": {"default_subreddits": ["memes", "dankmemes"], "templates_cache_duration": 86400},
    "rocket_league": {"rank_check_interval_hours": 6, "rank_cache_ttl_seconds": 10500},
    "rocket_league_texts": {"congrats_replies": ["GG"]},
    "welcome": {"rules_text": "Be kind.", "welcome_messages": ["Hi {name}!"]},
    "server_guide": {
        "title": "Where is what",
        "banner_url": "https://example.org/x.png",
        "fields": [{"name": "Chat", "value": "In #general.", "inline": False}],
    },
    "daily-meme": {"enabled": True, "hour": 12},
}
UNKNOWN = [
    "general.pink_color", "general.embed_footer_text", "general.role_names", "channels.gaming_channel_id",
    "rocket_league_texts", "server_guide.banner_url", "daily-meme",
]  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def make(content, name="api_config_overrides.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return make


def imported(*paths, **options):
    out = StringIO()
    call_command("import_config", *paths, stdout=out, no_color=True, **options)
    return out.getvalue()


def test_it_is_taken_over_told_and_what_is_unknown_is_skipped(write):
    said = imported(write(ORIGINAL))
    assert read_section("general").values["fuzzy_matching_threshold"] == 0.7
    assert read_section("channels").values["log_channel_id"] == "1404865907098779648"
    assert read_section("roles").values["interest_roles"] == {"Chat & Memes": "1424465865297887345"}
    [guide] = read_section("server_guide").values["categories"]
    assert (guide["title"], guide["fields"][0]["name"]) == ("Where is what", "Chat")
    assert "  presence_update_interval: 3600 -> 600\n" in said
    assert "bot_name" not in said  # the same as here
    assert [line.split(" ")[1] for line in said.splitlines() if line.startswith("skipped")] == UNKNOWN
    assert {one.reason for one in SectionVersion.objects.all()} == {"import"}


def test_again_it_changes_nothing(write):
    path = write(ORIGINAL)
    imported(path)
    versions = SectionVersion.objects.count()
    said = imported(path)
    assert SectionVersion.objects.count() == versions
    assert "->" not in said and "general: no difference" in said


def test_a_dry_run_says_the_same_and_changes_nothing(write):
    path = write(ORIGINAL)
    rehearsed = imported(path, dry_run=True)
    assert not SectionVersion.objects.exists()
    assert rehearsed.splitlines()[:-1] == imported(path).splitlines()[:-1]


def test_what_was_set_here_and_is_not_in_the_file_stays(write, ada):
    change_section("general", {"bot_name": "Hazel"}, ada)
    imported(write({"general": {"message_cooldown": 9}}))
    assert read_section("general").values["bot_name"] == "Hazel"


def test_one_bad_value_refuses_all_of_it_with_every_reason(write):
    bad = {**ORIGINAL, "welcome": {"rules_text": 5}, "meme": {"meme_sources": ["9gag"]}}
    for dry_run in (True, False):
        with pytest.raises(CommandError) as refused:
            imported(write(bad), dry_run=dry_run)
        assert "welcome.rules_text: " in str(refused.value) and "meme.meme_sources.0: " in str(refused.value)
    assert not SectionVersion.objects.exists()


@pytest.mark.parametrize("content", ["{broken", "[]", '"text"', '{"general": []}', "[" * 100_000])
def test_a_file_that_is_none_of_the_originals_is_refused(write, content):
    with pytest.raises(CommandError):
        imported(write(content))
    assert not SectionVersion.objects.exists()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        imported(tmp_path / "nowhere.json")


def test_a_later_file_wins_and_one_may_hold_a_single_section(write):
    first = write({"tickets": {"auto_close_hours": 24, "categories": ["a"]}})
    second = write({"categories": ["Application", "Bug"], "require_claim": False}, "tickets_config.json")
    said = imported(first, second)
    tickets = read_section("tickets").values
    assert (tickets["auto_close_hours"], tickets["categories"]) == (24, ["Application", "Bug"])
    assert "skipped: tickets.require_claim" in said


def test_what_the_bot_cannot_carry_out_refuses_all_of_it(write, settings):
    settings.DISCORD_GUILD_ID = GUILD
    stands()
    bot_is_there()
    given = {
        "general": {"bot_name": "A"},
        "channels": {"log_channel_id": 999, "tickets_category_id": TICKETS},
    }
    for dry_run in (True, False):
        with pytest.raises(CommandError, match=r"channels\.log_channel_id: There is no such channel"):
            imported(write(given), dry_run=dry_run)
    assert not SectionVersion.objects.exists()
    given["channels"]["log_channel_id"] = LOG
    imported(write(given))


def test_what_the_environment_sets_refuses_all_of_it(write, settings):
    settings.ADMIN_ROLE_ID = 77
    with pytest.raises(CommandError, match=r"roles\.admin_role_id: "):
        imported(write(ORIGINAL))
    assert not SectionVersion.objects.exists()
