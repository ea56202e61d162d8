from __future__ import annotations

import time

import jwt
import pytest
from django.conf import settings

from accounts.models import Session
from accounts.roles import Role

LOGIN = "/api/auth/login"


def test_a_member_signs_in(alice, anonymous):
    answer = anonymous.post(LOGIN, {"username": "alice", "password": "alice-has-a-ticket-3"})

    body = answer.json()
    assert answer.status_code == 200
    assert (body["user"], body["role"], body["discord_id"]) == ("alice", "lootling", "legacy_user")
    assert body["permissions"] == ["tickets_own", "memes", "rocket_league"]
    claims = jwt.decode(body["token"], settings.JWT_KEY, ["HS256"], audience="hazebot", issuer="hazebot")
    assert {"user_id", "role", "permissions", "session_id", "gen", "iat", "exp", "jti"} <= claims.keys()
    assert claims["exp"] - claims["iat"] == 7 * 86400


def test_the_session_remembers_the_device(alice, anonymous):
    anonymous.post(
        LOGIN,
        {"username": "alice", "password": "alice-has-a-ticket-3"},
        headers={"X-Platform": "Android", "X-App-Version": "3.1", "X-Device-Info": "Pixel 9"},
    )

    session = Session.objects.get()
    assert (session.platform, session.app_version, session.device) == ("Android", "3.1", "Pixel 9")


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_a_wrong_pair_gets_the_same_words(alice, anonymous, username):
    answer = anonymous.post(LOGIN, {"username": username, "password": "wrong"})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "wrong_credentials"


def test_an_unknown_name_takes_as_long(alice, anonymous, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    alice.set_password("alice-has-a-ticket-3")
    alice.save()

    def duration(name: str) -> float:
        started = time.perf_counter()
        anonymous.post(LOGIN, {"username": name, "password": "wrong"})
        return time.perf_counter() - started

    duration("alice")
    known, unknown = min(duration("alice") for _ in range(3)), min(duration("x") for _ in range(3))
    assert unknown > known / 3


def test_a_blocked_member_is_told_nothing_more(alice, anonymous):
    alice.is_active = False
    alice.save()
    answer = anonymous.post(LOGIN, {"username": "alice", "password": "alice-has-a-ticket-3"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "alice"}, {"username": ["alice"], "password": "x"}, {"username": 5, "password": 5}, []],
)
def test_incomplete_input_names_the_field(db, anonymous, body):
    answer = anonymous.post(LOGIN, body)
    assert answer.status_code == 400
    assert answer.json()["fields"]


def test_guessing_is_limited_per_name(alice, anonymous, counted_limits):
    codes = [anonymous.post(LOGIN, {"username": "alice", "password": str(n)}).status_code for n in range(11)]
    assert codes == [401] * 10 + [429]

    blocked = anonymous.post(LOGIN, {"username": "alice", "password": "alice-has-a-ticket-3"})
    assert blocked.status_code == 429
    assert int(blocked["Retry-After"]) > 0


def test_guessing_is_limited_per_address(db, anonymous, counted_limits):
    codes = {n: anonymous.post(LOGIN, {"username": f"x{n}", "password": "x"}).status_code for n in range(31)}
    assert (codes[29], codes[30]) == (401, 429)


def test_signing_in_often_is_no_guessing(alice, anonymous, counted_limits):
    body = {"username": "alice", "password": "alice-has-a-ticket-3"}
    assert {anonymous.post(LOGIN, body).status_code for _ in range(40)} == {200}


def test_the_role_is_read_at_each_request(moira, client_of):
    client = client_of(moira)
    assert client.get("/api/users/me").json()["role"] == Role.MODERATOR

    moira.granted_role = ""
    moira.save()
    assert client.get("/api/users/me").json()["role"] == Role.LOOTLING
