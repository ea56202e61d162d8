"""Staff enter the admin site with Discord."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axes.models import AccessLog
from django.contrib.auth.hashers import make_password

from accounts.models import Session, User
from accounts.roles import Role
from tests.accounts.coming import CALLBACK, at_discord, auth_url, come_back


def enter(client, next_path: str = ""):
    begun = client.get("/admin/login/discord", {"next": next_path})
    assert begun.status_code == 302
    return client.get(CALLBACK, at_discord(begun["Location"]))


def said_at(client, answer) -> list[str]:
    assert urlsplit(answer["Location"]).path == "/admin/login/"
    page = client.get(answer["Location"])
    return [str(message) for message in page.context["messages"]]


def test_the_login_page_has_a_button_where_it_is_set_up(client, discord, settings):
    page = client.get("/admin/login/", {"next": "/admin/tickets/"})
    assert 'href="/admin/login/discord?next=%2Fadmin%2Ftickets%2F"' in page.content.decode()
    assert "form-action 'self'" in page["Content-Security-Policy"]
    settings.DISCORD_CLIENT_ID = ""
    assert "login/discord" not in client.get("/admin/login/").content.decode()
    assert said_at(client, client.get("/admin/login/discord")) == [
        "Signing in with Discord is not set up here."
    ]


def test_a_moderator_enters_where_they_wanted_to(client, mona):
    assert enter(client, "/admin/tickets/ticket/")["Location"] == "/admin/tickets/ticket/"
    page = client.get("/admin/tickets/ticket/")
    assert (page.status_code, page.context["user"].discord_id) == (200, mona)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/" + "x" * 500],
)
def test_nobody_is_sent_elsewhere(client, mona, elsewhere):
    assert enter(client, elsewhere)["Location"] == "/admin/"


def test_the_limit_on_guessing_passwords_shuts_nobody_out_who_comes_from_discord(client, mona, settings):
    """Somebody guessed at this account's password from the same address."""
    settings.AXES_ENABLED = True
    enter(client)
    client.logout()
    User.objects.update(password=make_password("a good password 6"))
    guess = {"username": "mona", "password": "wrong"}
    codes = [client.post("/admin/login/", guess).status_code for _ in range(11)]
    assert (codes[0], codes[-1]) == (200, 429)
    assert enter(client, "/admin/tickets/ticket/")["Location"] == "/admin/tickets/ticket/"
    assert client.get("/admin/tickets/ticket/").status_code == 200
    log = AccessLog.objects.filter(username="mona")
    assert log.count() == 2


def test_a_lootling_is_told_that_it_is_not_for_them(client, lena):
    answer = enter(client)
    assert "for moderators and admins" in said_at(client, answer)[0]
    assert client.get("/admin/").status_code == 302


def test_a_blocked_moderator_does_not_enter(client, mona):
    enter(client)
    client.logout()
    User.objects.update(is_active=False)
    assert said_at(client, enter(client)) == ["This account is blocked."]


def test_it_ends_in_the_browser_it_began_in(client, mona, django_user_model):
    begun = client.get("/admin/login/discord")
    said = at_discord(begun["Location"])
    other = type(client)()
    assert "Begin again" in said_at(other, other.get(CALLBACK, said))[0]
    assert other.get("/admin/").status_code == 302


def test_an_attempt_of_the_admin_gives_no_token(client, mona):
    answer = enter(client)
    assert "token" not in answer["Location"] and not Session.objects.exists()
    said = at_discord(auth_url(client))
    assert come_back(client, said)["token"]
    assert User.objects.get().role == Role.MODERATOR
