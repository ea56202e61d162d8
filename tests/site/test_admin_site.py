"""The look of the admin, its navigation, its figures, and what its pages may run."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from hazesite import urls  # noqa: F401 - the pages are there with the addresses
from hazesite.admin_site import PageAdmin
from hazesite.jobs.models import Job
from tickets import services

EVAL, INLINE = "'unsafe-eval'", "'unsafe-inline'"


@pytest.fixture
def enter(client):
    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def policy(answer) -> dict[str, list[str]]:
    directives = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in directives}


def test_pages_of_the_admin_alone_may_evaluate(enter, ada, ticket):
    page = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    for path in (reverse("admin:login"), "/admin/", "/admin/tickets/ticket/", page):
        sources = policy(enter(ada).get(path, follow=True))
        assert sources["script-src"] == ["'self'", EVAL]
        assert sources["style-src"] == ["'self'", INLINE]
        assert sources["default-src"] == ["'self'"] and sources["object-src"] == ["'none'"]


@pytest.mark.parametrize("path", ["/", "/api/docs/", "/no/such/page", "/api/redoc/", "/admin/no/such/page"])
def test_no_other_page_may(enter, ada, path):
    answer = enter(ada).get(path)
    assert EVAL not in answer["Content-Security-Policy"]
    assert INLINE not in policy(answer).get("script-src", [])


def test_no_page_of_the_admin_holds_a_script_or_fetches_from_elsewhere(enter, ada, ticket):
    for page in ("/admin/", "/admin/tickets/ticket/", f"/admin/tickets/ticket/{ticket.pk}/change/"):
        text = enter(ada).get(page).content.decode()
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src=')
        assert 'src="http' not in text and 'href="http' not in text


def test_whoever_signs_in_without_having_wanted_a_page_gets_the_first(client, db):
    User.objects.create_user("eve", "eve-knows-the-way-4", granted_role=Role.ADMIN)
    said = {"username": "eve", "password": "eve-knows-the-way-4"}
    assert client.post("/admin/login/", said)["Location"] == "/admin/"
    assert client.post("/admin/login/?next=/monitors/", said)["Location"] == "/monitors/"


def test_every_page_has_the_one_base():
    pages = admin.site._registry.values()
    assert pages and [page for page in pages if not isinstance(page, PageAdmin)] == []


def entries(client) -> list[str]:
    groups = client.get("/admin/").context["sidebar_navigation"]
    return [entry["title"] for group in groups for entry in group["items"]]


def test_the_navigation_shows_what_one_may_see(enter, moira, ada):
    for_moderators = ["Overview", "Canned replies", "Blocklist", "Ratings", "Tickets", "Users", "Sign-ins"]
    for_moderators += ["Moderation", "Tickets in Discord", "Monitors", "Incidents", "Analytics"]
    assert entries(enter(moira)) == for_moderators
    for_admins = entries(enter(ada))
    assert set(for_moderators) < set(for_admins) and "Jobs" in for_admins and "Failed sign-ins" in for_admins


def figures(client) -> dict[str, str]:
    groups = client.get("/admin/").context["groups"]
    return {card.title: card.value for _group, cards in groups for card in cards}


def test_the_figures_of_the_desk(enter, moira, alice, ticket):
    services.claim_ticket(ticket.public_id, moira)
    services.post_message(ticket.public_id, moira, "We look into it.")
    closed = services.open_ticket(alice, "Solved", "It works again.")
    services.close_ticket(closed.public_id, moira)
    found = figures(enter(moira))
    assert (found["Open tickets"], found["Unclaimed"], found["Urgent"]) == ("1", "0", "0")
    assert found["Waiting longest"] == "-"

    waiting = services.open_ticket(alice, "Help", "It does not work.", priority="urgent")
    services.add_note(waiting.public_id, moira, "A note is no answer.")
    found = figures(enter(moira))
    assert (found["Open tickets"], found["Unclaimed"], found["Urgent"]) == ("2", "1", "1")
    assert "minutes" in found["Waiting longest"]


def test_figures_lead_to_what_they_count(enter, moira, ticket):
    for _group, cards in enter(moira).get("/admin/").context["groups"]:
        for card in cards:
            assert ticket.subject in enter(moira).get(card.link).content.decode() or card.value == "0"


def test_figures_of_the_site_are_for_admins(enter, moira, ada):
    Job.objects.create(task="nowhere", state=Job.State.DEAD)
    assert "Jobs given up" not in figures(enter(moira))
    assert figures(enter(ada))["Jobs given up"] == "1"


def test_the_first_page_costs_the_same_however_much_there_is(
    enter, ada, alice, django_assert_max_num_queries
):
    for number in range(5):
        services.open_ticket(alice, f"One of many {number}", "One of many tickets.")
    Job.objects.bulk_create(Job(task="nowhere", state=Job.State.DEAD) for _ in range(1005))
    client = enter(ada)
    with django_assert_max_num_queries(10):
        found = figures(client)
    assert (found["Open tickets"], found["Jobs given up"]) == ("5", "1000+")
