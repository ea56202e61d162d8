"""The desk in the admin site."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts import services as accounts
from accounts.models import Session, User
from tickets import services
from tickets.models import Ticket


@pytest.fixture
def desk(client, moira):
    client.force_login(moira, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def admin(client, ada):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(ticket: Ticket) -> str:
    return reverse("admin:tickets_ticket_change", args=[ticket.pk])


def test_members_do_not_get_in(client, alice):
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/").status_code == 302


def test_a_moderator_finds_tickets_and_sees_no_configuration(desk, ticket):
    index = desk.get("/admin/").content.decode()
    assert "Tickets" in index and "Users" in index
    assert "botconfig" not in index and "axes" not in index
    found = desk.get(reverse("admin:tickets_ticket_changelist"), {"q": "does not start", "status": "open"})
    assert ticket.subject in found.content.decode()


@pytest.mark.parametrize("path", ["/admin/axes/accessattempt/", "/admin/accounts/user/add/"])
def test_a_moderator_is_kept_out_of_the_rest(desk, path):
    assert desk.get(path).status_code == 403


def test_a_moderator_sees_people_and_changes_nobody(desk, alice):
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    assert "new_password" not in desk.get(url).content.decode()
    assert desk.post(url, {"granted_role": "admin", "is_active": "on"}).status_code == 403


def test_no_page_shows_a_password_or_a_session_key(admin, alice, token_of):
    token_of(alice)
    session = Session.objects.get()
    pages = (
        reverse("admin:accounts_user_change", args=[alice.pk]),
        reverse("admin:accounts_session_change", args=[session.pk]),
        reverse("admin:accounts_session_changelist"),
    )
    shown = "".join(admin.get(url).content.decode() for url in pages)
    assert alice.password not in shown and session.key not in shown


SECRET_QUESTIONS = [
    "accounts/user/?password__startswith=m",
    "accounts/user/?sessions__key__startswith=a",
    "accounts/session/?key__startswith=a",
    "accounts/session/?user__password__startswith=m",
    "tickets/ticket/?owner__password__startswith=m",
    "tickets/ticket/?client_nonce__startswith=m",
]


@pytest.mark.parametrize("question", SECRET_QUESTIONS)
def test_no_list_answers_questions_about_secrets(desk, ticket, question):
    answer = desk.get(f"/admin/{question}")
    assert answer.status_code in (302, 400)


@pytest.mark.parametrize("query", ["status__exact=open", "created_at__gte=2020-01-01", "priority=normal"])
def test_the_filters_on_the_list_work(desk, ticket, query):
    found = desk.get(f"/admin/tickets/ticket/?{query}")
    assert found.status_code == 200 and ticket.subject in found.content.decode()


def test_the_conversation_with_its_notes(desk, ticket, moira, alice):
    services.add_note(ticket.public_id, moira, "Between us")
    services.post_message(ticket.public_id, alice, "<script>alert(1)</script>")
    shown = desk.get(page(ticket)).content.decode()
    assert "Since this morning nothing happens." in shown and "Between us" in shown
    assert "<script>alert" not in shown


def test_replying_and_noting_go_through_the_services(desk, ticket, moira):
    say = "admin:tickets_ticket_say"
    body = {"message": "Hello", "nonce": "n1"}
    for _ in range(2):  # a double click
        desk.post(reverse(say, args=[ticket.pk, "reply"]), body)
    desk.post(reverse(say, args=[ticket.pk, "note"]), {"message": "Hm", "nonce": "n2"})

    said = list(ticket.messages.order_by("seq").values_list("content", "is_note", "source"))
    assert said[1:] == [("Hello", False, "admin"), ("Hm", True, "admin")]


def test_files_are_read_with_the_cookie_of_the_desk(desk, client, ticket, moira, alice):
    files = [ContentFile(b"words", "a.txt")]
    note = services.attach_files(ticket.public_id, moira, files, is_note=True)
    url = reverse("admin:tickets_ticket_attachment", args=[ticket.pk, note.attached[0]["id"]])
    got = desk.get(url)
    assert (got.status_code, got.getvalue()) == (200, b"words")
    assert desk.get(url.replace(note.attached[0]["id"], "none")).status_code == 404
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(url).status_code == 302


def test_a_refusal_is_a_message_on_the_page(desk, ticket, moira):
    services.close_ticket(ticket.public_id, moira)
    url = reverse("admin:tickets_ticket_say", args=[ticket.pk, "reply"])
    answer = desk.post(url, {"message": "Hello", "nonce": "n"}, follow=True)
    assert "This ticket is closed." in answer.content.decode()


def test_what_was_typed_is_not_lost_by_a_refusal(desk, ticket, moira):
    services.close_ticket(ticket.public_id, moira)
    url = reverse("admin:tickets_ticket_say", args=[ticket.pk, "reply"])
    answer = desk.post(url, {"message": "A long and careful reply", "nonce": "n"}, follow=True)
    assert "A long and careful reply</textarea>" in answer.content.decode()
    assert "careful" not in desk.get(page(ticket)).content.decode()


def test_a_note_is_never_sent_as_a_reply_by_mistake(desk, ticket):
    url = reverse("admin:tickets_ticket_say", args=[ticket.pk, "Note"])
    assert desk.post(url, {"message": "Between us", "nonce": "n"}).status_code == 404


@pytest.mark.parametrize(("verb", "status"), [("claim", "claimed"), ("close", "closed")])
def test_buttons_move_a_ticket_on(desk, ticket, verb, status):
    desk.post(reverse("admin:tickets_ticket_do", args=[ticket.pk, verb]))
    ticket.refresh_from_db()
    assert ticket.status == status


def test_actions_work_on_many_and_say_what_was_refused(desk, ticket, moira, alice):
    other = services.open_ticket(alice, "Another", "Another ticket of mine.")
    services.close_ticket(other.public_id, moira)
    url = reverse("admin:tickets_ticket_changelist")
    answer = desk.post(
        url, {"action": "close", "_selected_action": [ticket.pk, other.pk], "index": 0}, follow=True
    )
    text = answer.content.decode()
    assert "Done for 1 entry." in text and "already closed" in text


def test_deleting_is_for_admins(desk, ticket):
    url = reverse("admin:tickets_ticket_changelist")
    body = {"action": "delete_tickets", "_selected_action": [ticket.pk], "index": 0}
    desk.post(url, body)
    ticket.refresh_from_db()
    assert ticket.deleted_at is None


def test_an_admin_deletes(admin, ticket):
    url = reverse("admin:tickets_ticket_changelist")
    admin.post(url, {"action": "delete_tickets", "_selected_action": [ticket.pk], "index": 0})
    assert admin.get(page(ticket)).status_code == 302
    ticket.refresh_from_db()
    assert ticket.deleted_at is not None


def test_the_forms_of_the_admin_itself_change_nothing(admin, ticket):
    assert admin.post(page(ticket), {"subject": "x"}).status_code == 404
    assert admin.get(reverse("admin:tickets_ticket_delete", args=[ticket.pk])).status_code == 403


def test_an_admin_adds_and_blocks_people(admin, db):
    added = {
        "username": "zoe",
        "granted_role": "moderator",
        "is_active": "on",
        "new_password": "plover-xyzzy-41",
    }
    assert admin.post(reverse("admin:accounts_user_add"), added).status_code == 302
    zoe = User.objects.get(username="zoe")
    assert zoe.check_password("plover-xyzzy-41") and zoe.is_staff

    url = reverse("admin:accounts_user_change", args=[zoe.pk])
    assert admin.post(url, {"granted_role": "", "new_password": ""}).status_code == 302
    zoe.refresh_from_db()
    assert (zoe.is_active, zoe.granted_role) == (False, "")
    assert zoe.check_password("plover-xyzzy-41")


def test_somebody_added_as_inactive_cannot_sign_in(admin, anonymous):
    added = {"username": "zoe", "granted_role": "", "new_password": "plover-xyzzy-41"}
    admin.post(reverse("admin:accounts_user_add"), added)
    answer = anonymous.post("/api/auth/login", {"username": "zoe", "password": "plover-xyzzy-41"})
    assert answer.status_code == 401


def test_ending_somebodys_sign_ins_ends_their_cookies_too(client, desk, moira, ada):
    assert desk.get("/admin/").status_code == 200
    accounts.end_sessions_as(ada, moira)
    assert desk.get("/admin/").status_code == 302


def test_an_admin_ends_sign_ins(admin, alice, token_of):
    token_of(alice)
    session = Session.objects.get()
    url = reverse("admin:accounts_session_changelist")
    admin.post(url, {"action": "end", "_selected_action": [session.pk], "index": 0})
    session.refresh_from_db()
    assert session.end_reason == "ended_by_staff"


def test_the_list_costs_the_same_at_twenty_tickets(desk, alice, django_assert_max_num_queries):
    for number in range(20):
        opened = services.open_ticket(alice, f"t{number} x", "One of many tickets.")
        Ticket.objects.filter(pk=opened.pk).update(status="closed", closed_at=opened.created_at)
    with django_assert_max_num_queries(8):
        desk.get(reverse("admin:tickets_ticket_changelist"))


def test_guessing_at_the_admin_is_limited(client, moira, settings):
    settings.AXES_ENABLED = True
    url = reverse("admin:login")
    codes = [client.post(url, {"username": "moira", "password": str(n)}).status_code for n in range(11)]
    assert (codes[0], codes[-1]) == (200, 429)
