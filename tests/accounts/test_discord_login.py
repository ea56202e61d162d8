"""People sign in with Discord, at a Discord of our own: real HTTP, both ways."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.apps import apps
from django.utils import timezone

from accounts import people, tokens
from accounts.discord_login import attempts, strategy
from accounts.models import LoginAttempt, Session, User
from accounts.roles import Role
from tests.accounts.coming import MOBILE, at_discord, auth_url, bearer, come_back, refresh, sign_in


# --- the way there and back --------------------------------------------------
@pytest.mark.parametrize(("platform", "shown"), [("web", "Web"), ("android", "Android"), ("ios", "iOS")])
def test_a_member_signs_in_and_gets_an_account(client, lena, platform, shown):
    me = bearer(sign_in(client, platform=platform)).get("/api/users/me").json()

    assert (me["username"], me["role"]) == ("lena", "lootling")
    assert me["user_id"] == me["discord_id"] == str(lena)
    assert me["avatar"].startswith("https://cdn.discordapp.com/embed/avatars/")
    assert Session.objects.get().platform == shown


def test_a_member_who_comes_again_has_the_same_account_and_the_role_of_now(client, discord, lena, settings):
    sign_in(client)
    discord.people.give_role(lena, settings.MODERATOR_ROLE_ID)
    answer = refresh(sign_in(client)).json()

    assert (answer["role"], answer["discord_id"]) == ("moderator", str(lena))
    assert User.objects.count() == 1


def test_the_address_asks_for_little_and_holds_a_challenge(client, discord, settings):
    page = urlsplit(auth_url(client))
    query = dict(parse_qsl(page.query))

    assert f"{page.scheme}://{page.netloc}{page.path}" == f"{discord.base_url}/oauth2/authorize"
    assert query["scope"] == "identify guilds.members.read"
    assert (query["code_challenge_method"], query["redirect_uri"]) == ("S256", settings.DISCORD_REDIRECT_URI)
    settings.DISCORD_API_URL = "https://discord.com/api/v10"
    assert auth_url(client).startswith("https://discord.com/oauth2/authorize?")


@pytest.mark.parametrize("platform", ["admin", "windows", "Web"])
def test_other_platforms_are_no_input(client, discord, platform):
    answer = client.get("/api/discord/auth", {"platform": platform})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["platform"])
    assert not LoginAttempt.objects.exists()


@pytest.mark.parametrize("name", ["DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET", "DISCORD_GUILD_ID"])
def test_where_it_is_not_set_up_it_says_so(client, discord, settings, name):
    setattr(settings, name, None)
    answer = client.get("/api/discord/auth")
    assert (answer.status_code, answer.json()["code"]) == (503, "discord_login_off")


def test_an_address_begins_only_so_often(client, discord, counted_limits):
    codes = [client.get("/api/discord/auth").status_code for _ in range(31)]
    assert (codes[29], codes[30]) == (200, 429)


def test_the_app_cannot_be_led_elsewhere(client, lena):
    said = at_discord(auth_url(client, platform="android"))
    more = {"platform": "web", "next": "https://evil.example", "redirect_uri": "https://evil.example"}
    assert "token" in come_back(client, said | more, MOBILE)


# --- what goes wrong ---------------------------------------------------------
def test_a_state_is_good_once(client, lena):
    said = at_discord(auth_url(client))
    assert "token" in come_back(client, said)
    assert come_back(client, said) == {"error": "bad_state"}
    assert Session.objects.count() == 1


@pytest.mark.parametrize("state", ["", "forged", "f" * 5000])
def test_a_state_of_somebody_else_is_refused(client, lena, discord, state):
    said = at_discord(auth_url(client, platform="android"))
    asked = len(discord.community.requests)
    assert come_back(client, said | {"state": state}) == {"error": "bad_state"}
    assert len(discord.community.requests) == asked


def test_a_state_is_good_for_ten_minutes_and_then_forgotten(client, lena):
    said = at_discord(auth_url(client))
    LoginAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))

    assert come_back(client, said) == {"error": "bad_state"}
    auth_url(client)
    assert attempts.clear_login_attempts() == 1
    assert LoginAttempt.objects.count() == 1


def test_a_code_needs_the_verifier_that_was_kept_here(client, lena):
    said = at_discord(auth_url(client))
    LoginAttempt.objects.update(verifier="x" * 43)
    assert come_back(client, said) == {"error": "discord_refused"}


def test_a_code_is_good_once(client, lena):
    said = at_discord(auth_url(client))
    assert "token" in come_back(client, said)
    again = at_discord(auth_url(client)) | {"code": said["code"]}
    assert come_back(client, again) == {"error": "discord_refused"}


def test_a_callback_without_a_code_is_refused(client, lena):
    said = at_discord(auth_url(client))
    assert come_back(client, {"state": said["state"]}) == {"error": "discord_refused"}


def test_somebody_outside_the_guild_gets_no_account(client, discord):
    discord.operations.log_in_as(discord.people.make_person("otto"))
    assert come_back(client, at_discord(auth_url(client))) == {"error": "not_a_member"}
    assert not User.objects.exists()


def test_saying_no_at_discord_uses_the_attempt_up(client, discord):
    discord.operations.refuse_login()
    said = at_discord(auth_url(client, platform="ios"))
    assert come_back(client, said, MOBILE) == {"error": "access_denied"}
    assert not LoginAttempt.objects.exists()


@pytest.mark.parametrize("path", ["oauth2/token", "users/@me/guilds"])
@pytest.mark.parametrize(
    ("mode", "status"), [("answer", 500), ("answer", 429), ("answer", 200), ("cut", 0), ("hang", 0)]
)
def test_a_discord_that_fails_signs_nobody_in(client, discord, lena, monkeypatch, path, mode, status):
    monkeypatch.setattr(strategy, "SECONDS", 0.2)
    said = at_discord(auth_url(client))
    discord.operations.fault("*", path, mode, status=status)  # 200: with a text that is no JSON

    assert come_back(client, said) == {"error": "discord_unavailable"}
    assert discord.operations.faults_met() == [1]
    assert not Session.objects.exists()


def test_a_blocked_person_is_told_so(client, lena):
    sign_in(client)
    User.objects.update(is_active=False)
    assert come_back(client, at_discord(auth_url(client))) == {"error": "blocked"}
    assert Session.objects.count() == 1


def test_nothing_of_discords_is_stored(client, discord, lena):
    said = at_discord(auth_url(client))
    rows = str([list(model._base_manager.values()) for model in apps.get_models()])
    assert said["state"] not in rows
    refresh(come_back(client, said)["token"])

    rows = str([list(model._base_manager.values()) for model in apps.get_models()])
    given = [text for one in discord.community.tokens.values() for text in (one.access, one.refresh)]
    assert str(lena) in rows and len(given) == 2
    assert not any(text in rows for text in [*given, said["code"], said["state"]])


# --- names and ids that are somebody else's ------------------------------------
def test_a_name_that_others_have_is_told_apart(client, lena):
    for name in ("lena", f"lena-{str(lena)[-4:]}", str(lena)):
        User.objects.create_user(name)
    me = bearer(sign_in(client)).get("/api/users/me").json()
    assert me["username"].startswith(f"{lena}-") and me["discord_id"] == str(lena)


def test_an_account_that_was_taken_from_discord_is_not_given_back(client, lena):
    """An admin took the link away: the person begins anew, and what was granted there stays there."""
    sign_in(client)
    User.objects.update(discord_id=None, granted_role=Role.ADMIN, username="lena-of-old")
    me = bearer(sign_in(client)).get("/api/users/me").json()
    assert (me["username"], me["role"], me["discord_id"]) == ("lena", "lootling", str(lena))
    assert me["user_id"].startswith("u") and User.objects.count() == 2


def test_a_name_that_somebody_takes_at_this_moment_is_left_to_them(
    client, discord, lena, monkeypatch, settings
):
    sign_in(client)
    User.objects.update(username="lena-of-old")
    User.objects.create_user("lena")
    monkeypatch.setattr(people, "_taken", lambda _name, _user: False)  # it was free when that was asked
    discord.people.give_role(lena, settings.MODERATOR_ROLE_ID)
    answer = refresh(sign_in(client)).json()
    assert (answer["user"], answer["role"]) == ("lena-of-old", "moderator")


def test_where_no_name_can_be_found_the_person_is_told(client, lena, monkeypatch):
    monkeypatch.setattr(people, "_names", lambda _profile: iter(["lena"]))
    User.objects.create_user("lena")
    assert come_back(client, at_discord(auth_url(client))) == {"error": "name_taken"}


# --- the token in the redirect -----------------------------------------------
def older(age: timedelta) -> str:
    """The token of the one sign-in, as if issued this long ago."""
    session = Session.objects.get()
    session.generation_at = timezone.now() - age
    session.save()
    return tokens.issue(session)


def status_of_ping(token: str) -> int:
    return bearer(token).get("/api/ping").status_code


def test_it_is_a_bearer_for_five_minutes(client, lena):
    sign_in(client)
    assert status_of_ping(older(timedelta(minutes=4, seconds=50))) == 200
    assert status_of_ping(older(timedelta(minutes=5, seconds=1))) == 401


@pytest.mark.parametrize(("minutes", "status"), [(0, 200), (19, 200), (21, 401)])
def test_it_can_be_refreshed_for_fifteen_minutes_after_that(client, lena, minutes, status):
    sign_in(client)
    assert refresh(older(timedelta(minutes=minutes))).status_code == status


def test_its_sign_in_dies_with_it(client, lena):
    sign_in(client)
    left = Session.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=19) < left <= timedelta(minutes=20)


def test_it_can_be_refreshed_once(client, lena):
    handed = sign_in(client)
    fresh = refresh(handed).json()["token"]

    again = refresh(handed)
    assert (again.status_code, again.json()["code"]) == (401, "unauthorized")
    assert status_of_ping(fresh) == 200


def test_presented_after_its_grace_it_ends_the_sign_in(client, lena):
    handed = sign_in(client)
    refresh(handed)
    current = older(timedelta(seconds=61))

    assert status_of_ping(handed) == 401
    assert refresh(handed).json()["code"] == "token_reused"
    assert status_of_ping(current) == 401


def test_found_in_a_history_it_neither_opens_nor_ends_anything(client, lena):
    sign_in(client)
    found = older(timedelta(minutes=21))
    Session.objects.update(generation_at=timezone.now())
    current = refresh(tokens.issue(Session.objects.get())).json()["token"]

    assert refresh(found).json()["code"] == "unauthorized"
    assert status_of_ping(current) == 200


def test_the_token_after_it_is_an_ordinary_one(client, lena):
    fresh = refresh(sign_in(client)).json()["token"]
    left = tokens.read(fresh).expires_at - timezone.now().timestamp()
    assert 6.9 * 86400 < left <= 7 * 86400
    newer = refresh(fresh).json()["token"]
    assert refresh(fresh).json()["token"] == newer
