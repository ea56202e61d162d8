from __future__ import annotations

import pytest

from botconfig.models import Section
from botconfig.sections import SECTIONS, defaults

DOCUMENTED = {
    "general": "bot_name command_prefix presence_update_interval message_cooldown fuzzy_matching_threshold",
    "channels": "log_channel_id changelog_channel_id todo_channel_id rl_channel_id meme_channel_id "
    "server_guide_channel_id welcome_rules_channel_id welcome_public_channel_id transcript_channel_id "
    "tickets_category_id",
    "roles": "admin_role_id moderator_role_id normal_role_id member_role_id changelog_role_id meme_role_id "
    "interest_role_ids interest_roles",
    "meme": "default_subreddits default_lemmy meme_sources templates_cache_duration "
    "min_score daily_enabled daily_hour daily_minute daily_time_zone",
    "rocket_league": "rank_check_interval_hours rank_cache_ttl_seconds",
    "welcome": "rules_text welcome_messages",
    "server_guide": "categories",
    "tickets": "enabled max_open_per_user auto_close_hours transcript_enabled categories owner_may_close "
    "auto_close_warning_hours auto_close_unanswered cooldown_seconds forms business_hours "
    "first_answer_minutes resolution_minutes discord_private_threads discord_keep_hours",
}


@pytest.fixture
def admin(ada, client_of):
    return client_of(ada)


def test_all_sections_with_their_documented_fields(admin):
    body = admin.get("/api/config").json()
    assert {name: " ".join(values) for name, values in body.items()} == DOCUMENTED


def test_the_contracts_defaults(admin):
    tickets = admin.get("/api/config/tickets").json()
    assert (
        tickets.items()
        >= {
            "enabled": True,
            "max_open_per_user": 5,
            "auto_close_hours": 72,
            "transcript_enabled": True,
            "categories": ["support", "bug", "application"],
            "owner_may_close": False,
            "cooldown_seconds": 0,
            "forms": {},
        }.items()
    )


@pytest.mark.parametrize("name", SECTIONS)
def test_each_default_passes_its_own_validation(name):
    form = SECTIONS[name](data=defaults(name))
    assert form.is_valid(), form.errors
    assert form.validated_data == defaults(name)


def test_absent_keys_stay(admin):
    admin.put("/api/config/general", {"bot_name": "Hazel"})
    body = admin.put("/api/config/general", {"message_cooldown": 9}).json()
    assert (body["bot_name"], body["message_cooldown"], body["command_prefix"]) == ("Hazel", 9, "!")


@pytest.mark.parametrize(
    ("section", "body"),
    [
        ("general", {"bot_name": "x", "surprise": 1}),
        ("general", {"bot_name": "x", "fuzzy_matching_threshold": 1.5}),
        ("general", {"bot_name": "x", "message_cooldown": "5"}),
        ("general", {"bot_name": ""}),
        ("general", {"bot_name": None}),
        ("general", []),
        ("general", "text"),
        ("channels", {"log_channel_id": "abc"}),
        ("channels", {"log_channel_id": -1}),
        ("channels", {"log_channel_id": True}),
        ("channels", {"log_channel_id": 2**63}),
        ("roles", {"interest_roles": {"games": "x"}}),
        ("meme", {"meme_sources": ["9gag"]}),
        ("tickets", {"enabled": "true"}),
        ("tickets", {"categories": []}),
        ("tickets", {"max_open_per_user": 0}),
        ("server_guide", {"categories": [{"title": ""}]}),
        ("server_guide", {"categories": [{}]}),
        ("server_guide", {"categories": [{"title": "t", "surprise": 1}]}),
        ("server_guide", {"categories": [{"title": "t", "fields": [{}]}]}),
    ],
)
def test_unknown_keys_and_bad_values_store_nothing(admin, section, body):
    answer = admin.put(f"/api/config/{section}", body)
    assert answer.status_code == 400
    assert answer.json()["fields"]
    assert not Section.objects.exists()


def test_what_does_not_go_together_is_409_and_stores_nothing(admin):
    answer = admin.put("/api/config/tickets", {"categories": ["a", "a"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit")
    assert admin.put("/api/config/tickets", {"categories": ["a", "a"], "enabled": 1}).status_code == 400
    assert not Section.objects.exists()


def test_what_is_left_out_of_a_category_has_its_default(admin):
    body = admin.put("/api/config/server_guide", {"categories": [{"title": "Start"}]}).json()
    assert body["categories"] == [{"title": "Start", "description": "", "fields": []}]


def test_an_id_may_be_a_string_or_an_integer_or_null_and_is_answered_as_a_string(admin):
    url = "/api/config/channels"
    for given in ("123456789012345678", 123456789012345678):
        assert admin.put(url, {"log_channel_id": given}).json()["log_channel_id"] == "123456789012345678"
    assert admin.put(url, {"log_channel_id": None}).json()["log_channel_id"] is None


def test_a_stale_if_match_is_412(admin):
    tag = admin.get("/api/config/general")["ETag"]
    first = admin.put("/api/config/general", {"bot_name": "A"}, headers={"If-Match": tag})
    stale = admin.put("/api/config/general", {"bot_name": "B"}, headers={"If-Match": tag})

    assert (first.status_code, stale.status_code) == (200, 412)
    assert first["ETag"] != tag
    assert admin.get("/api/config/general").json()["bot_name"] == "A"
    assert admin.put("/api/config/general", {}, headers={"If-Match": '"x"'}).status_code == 412


def test_the_tag_of_all_sections_follows_each(admin):
    before = admin.get("/api/config")["ETag"]
    admin.put("/api/config/welcome", {"rules_text": "Be kind."})
    assert admin.get("/api/config")["ETag"] != before


def test_a_change_that_changes_nothing_is_no_version(admin):
    admin.put("/api/config/general", {"bot_name": "A"})
    tag = admin.get("/api/config/general")["ETag"]
    assert admin.put("/api/config/general", {"bot_name": "A"})["ETag"] == tag


def test_reset_touches_one_section(admin):
    admin.put("/api/config/general", {"bot_name": "A"})
    admin.put("/api/config/welcome", {"rules_text": "Be kind."})
    assert admin.post("/api/config/general/reset").json() == defaults("general")
    assert admin.get("/api/config/welcome").json()["rules_text"] == "Be kind."


def test_a_role_of_the_environment_is_shown_and_cannot_be_changed(admin, settings):
    settings.ADMIN_ROLE_ID = 77
    url = "/api/config/roles"
    assert admin.get(url).json()["admin_role_id"] == "77"
    answer = admin.put(url, {"admin_role_id": "78", "meme_role_id": "5"})
    assert (answer.status_code, answer.json()["code"]) == (409, "set_by_environment")
    assert admin.get(url).json()["meme_role_id"] is None
    assert admin.put(url, {"admin_role_id": "77", "meme_role_id": "5"}).status_code == 200


def test_an_unknown_section_is_404(admin):
    for method, path in (("get", ""), ("put", ""), ("post", "/reset")):
        assert getattr(admin, method)(f"/api/config/secrets{path}").status_code == 404
