from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command
from django.utils import timezone

from accounts import services, tokens
from accounts.models import Session
from accounts.services import Device
from hazesite.errors import NotAllowed


def test_logging_out_kills_the_token_and_closes_its_sockets(alice, client_of, shown):
    client = client_of(alice)
    with shown() as publications:
        assert client.post("/api/auth/logout").json() == {"success": True, "message": "Signed out"}

    assert client.get("/api/ping").status_code == 401
    assert publications[0].closes == "unauthorized"
    assert publications[0].parts[0].rooms == (f"session:{Session.objects.get().key}",)


@pytest.mark.parametrize("method", ["get", "post"])
def test_verifying_a_token(alice, client_of, method):
    body = getattr(client_of(alice), method)("/api/auth/verify-token").json()
    assert body == {
        "valid": True,
        "user": "alice",
        "user_id": alice.user_id,
        "role": "lootling",
        "permissions": ["tickets_own", "memes", "rocket_league"],
    }


def test_one_sees_and_ends_ones_own_sign_ins_alone(alice, mallory, client_of):
    client, other = client_of(alice), client_of(alice)
    client_of(mallory)

    listed = client.get("/api/auth/sessions").json()["sessions"]
    assert [entry["current"] for entry in listed].count(True) == 1
    assert len(listed) == 2

    second = next(entry["session_id"] for entry in listed if not entry["current"])
    assert client.delete(f"/api/auth/sessions/{second}").status_code == 200
    assert other.get("/api/ping").status_code == 401
    foreign = Session.objects.get(user=mallory).key
    assert client.delete(f"/api/auth/sessions/{foreign}").status_code == 404


def test_sign_ins_come_in_pages(alice, client_of):
    client = client_of(alice)
    for _ in range(4):
        services.start_session(alice, Device())

    first = client.get("/api/auth/sessions?limit=3").json()
    rest = client.get(f"/api/auth/sessions?limit=3&cursor={first['next_cursor']}").json()
    names = [entry["session_id"] for page in (first, rest) for entry in page["sessions"]]
    assert (len(names), len(set(names)), rest["next_cursor"]) == (5, 5, None)


def test_an_expired_token_is_401(alice, client_of):
    client = client_of(alice)
    Session.objects.update(generation_at=timezone.now() - timedelta(days=8))
    session = Session.objects.get()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(session)}")
    assert client.get("/api/ping").status_code == 401


def test_a_request_costs_one_query(alice, client_of, django_assert_num_queries):
    client = client_of(alice)
    with django_assert_num_queries(1):
        client.get("/api/users/me")


def test_last_seen_is_written_once_a_minute(alice, client_of):
    client = client_of(alice)
    long_ago = timezone.now() - timedelta(minutes=5)
    Session.objects.update(last_seen_at=long_ago)
    client.get("/api/ping")
    seen = Session.objects.get().last_seen_at
    client.get("/api/ping")
    assert long_ago < seen == Session.objects.get().last_seen_at


def test_a_new_password_ends_every_sign_in(alice, client_of):
    client = client_of(alice)
    services.set_password(alice, "another-password-6")
    assert client.get("/api/ping").status_code == 401


def test_a_password_set_by_djangos_own_command_ends_them_too(alice, client_of, monkeypatch):
    client = client_of(alice)
    monkeypatch.setattr(changepassword.Command, "_get_pass", lambda *_: "another-password-6")
    call_command("changepassword", "alice", stdout=StringIO())
    assert client.get("/api/ping").status_code == 401


def test_a_stronger_hash_of_the_same_password_ends_nothing(alice, client_of, anonymous, settings):
    client = client_of(alice)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    anonymous.post("/api/auth/login", {"username": "alice", "password": "alice-has-a-ticket-3"})
    alice.refresh_from_db()
    assert alice.password.startswith("scrypt")
    assert client.get("/api/ping").status_code == 200


def test_blocking_ends_every_sign_in(alice, ada, client_of):
    client = client_of(alice)
    services.change_access(alice, ada, granted_role="", is_active=False)
    assert client.get("/api/ping").status_code == 401


def test_nobody_locks_themselves_out(ada, moira, alice):
    with pytest.raises(NotAllowed):
        services.change_access(ada, ada, granted_role="", is_active=False)
    with pytest.raises(NotAllowed):
        services.change_access(alice, moira, granted_role="admin", is_active=True)


def test_a_moderator_ends_sign_ins_of_lootlings_alone(alice, ada, moira):
    assert services.end_sessions_as(moira, alice) == 0
    with pytest.raises(NotAllowed):
        services.end_sessions_as(moira, ada)


def test_sign_ins_long_dead_are_forgotten(alice):
    old = services.start_session(alice, Device())
    kept = services.start_session(alice, Device())
    Session.objects.filter(pk=old.pk).update(ended_at=timezone.now() - timedelta(days=31))
    assert services.clear_dead_sessions() == 1
    assert list(Session.objects.all()) == [kept]
