"""Forms, ratings, canned replies, mentions, blocks and the cooldown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from botconfig import services as config
from hazesite.errors import TooMany
from tickets import services
from tickets.models import Block, Mention, Ticket

FORM = [
    {"id": "version", "label": "Which version?", "kind": "text"},
    {"id": "how_often", "label": "How often?", "kind": "choice", "choices": ["once", "always"]},
    {"id": "parts", "label": "Which parts?", "kind": "choices", "choices": ["a", "b"], "required": False},
    {"id": "since", "label": "Since when?", "kind": "date", "required": False},
    {"id": "count", "label": "How many?", "kind": "number", "required": False},
    {"id": "sure", "label": "Sure?", "kind": "yes_no", "required": False},
]
NEW = {"subject": "It does not start", "description": "Since this morning nothing happens.", "type": "bug"}


# --- forms -------------------------------------------------------------------
@pytest.fixture
def asked(ada) -> None:
    config.change_section("tickets", {"forms": {"bug": FORM}}, ada)


def test_a_form_is_offered_and_its_answers_are_kept(asked, alice, client_of):
    owner = client_of(alice)
    categories = {
        entry["name"]: entry["form"] for entry in owner.get("/api/tickets/options").json()["categories"]
    }
    assert [question["id"] for question in categories["bug"]] == [question["id"] for question in FORM]
    answers = {
        "version": "3.1",
        "how_often": "always",
        "parts": ["b", "a"],
        "since": "2026-11-01",
        "count": 3,
        "sure": False,
    }
    opened = owner.post("/api/tickets", NEW | {"answers": answers}).json()
    assert {answer["id"]: answer["value"] for answer in opened["answers"]} == answers
    assert opened["answers"][0]["label"] == "Which version?"


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({}, "answers.version"),
        ({"version": "3", "how_often": "never"}, "answers.how_often"),
        ({"version": 3, "how_often": "once"}, "answers.version"),
        ({"version": "3\0", "how_often": "once"}, "answers.version"),
        ({"version": "3", "how_often": "once", "since": "yesterday"}, "answers.since"),
        ({"version": "3", "how_often": "once", "count": True}, "answers.count"),
        ({"version": "3", "how_often": "once", "parts": ["a", "a"]}, "answers.parts"),
        ({"version": "3", "how_often": "once", "shoe_size": 44}, "answers.shoe_size"),
    ],
)
def test_an_answer_that_is_none_opens_no_ticket(asked, alice, client_of, answers, field):
    answer = client_of(alice).post("/api/tickets", NEW | {"answers": answers})
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit")
    assert field in answer.json()["fields"]
    assert Ticket.objects.count() == 0


def test_a_category_without_a_form_asks_nothing(asked, alice, client_of):
    assert client_of(alice).post("/api/tickets", NEW | {"type": "support"}).json()["answers"] == []


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({"id": "x", "label": "X", "kind": "choice"}, 409),
        ({"id": "x", "label": "X", "kind": "text", "choices": ["a"]}, 409),
        ({"id": "X Y", "label": "X"}, 400),
        ({"id": "x", "label": "X", "kind": "essay"}, 400),
    ],
)
def test_a_form_that_cannot_be_asked_is_not_stored(ada, client_of, question, status):
    assert client_of(ada).put("/api/config/tickets", {"forms": {"bug": [question]}}).status_code == status


# --- ratings -----------------------------------------------------------------
def test_the_owner_rates_a_closed_ticket_once(ticket, alice, moira, client_of):
    path = f"/api/tickets/{ticket.public_id}/rating"
    assert client_of(alice).post(path, {"score": 5}).json()["code"] == "ticket_not_closed"
    services.close_ticket(ticket.public_id, moira)
    assert client_of(alice).post(path, {"score": 5, "comment": "Quick!"}).json()["success"] is True
    assert client_of(alice).post(path, {"score": 1}).json()["code"] == "already_rated"
    rating = client_of(moira).get(f"/api/tickets/{ticket.public_id}").json()["rating"]
    assert (rating["score"], rating["comment"]) == (5, "Quick!")


@pytest.mark.parametrize("score", [0, 6, "5", None, 2.5])
def test_one_to_five(ticket, alice, moira, client_of, score):
    services.close_ticket(ticket.public_id, moira)
    answer = client_of(alice).post(f"/api/tickets/{ticket.public_id}/rating", {"score": score})
    assert answer.status_code == 400


# --- canned replies ----------------------------------------------------------
def test_a_canned_reply_is_filled_in_for_the_ticket(ticket, moira, client_of):
    staff = client_of(moira)
    content = "Hello {owner}, #{ticket_num} ({subject}) is with {staff}. {unknown} {}"
    staff.post("/api/tickets/canned-replies", {"name": "hello", "content": content})
    staff.post("/api/tickets/canned-replies", {"name": "zero", "content": "0", "category": "support"})
    filled = staff.get(f"/api/tickets/{ticket.public_id}/canned-replies").json()["canned_replies"]
    assert [reply["name"] for reply in filled] == ["zero", "hello"]  # those of its category first
    assert (
        filled[1]["text"] == f"Hello alice, #{ticket.pk} (It does not start) is with moira. {{unknown}} {{}}"
    )


def test_changing_and_deleting_one(moira, client_of):
    staff, path = client_of(moira), "/api/tickets/canned-replies"
    staff.post(path, {"name": "hello", "content": "Hello"})
    assert staff.post(path, {"name": "hello", "content": "Again"}).json()["code"] == "name_taken"
    assert staff.patch(f"{path}/hello", {"content": "Good day"}).json()["content"] == "Good day"
    assert staff.patch(f"{path}/hello", {"name": "no spaces here"}).status_code == 400
    assert staff.delete(f"{path}/hello").status_code == 200
    assert staff.get(path).json()["canned_replies"] == []


# --- mentions ----------------------------------------------------------------
def test_whoever_is_named_and_may_see_it_is_mentioned(ticket, alice, moira, ada, mallory):
    text = "@moira and @ada. @mallory, mail me@alice or <@123456789012345678>"
    message = services.post_message(ticket.public_id, alice, text)
    assert message.mentioned == [moira.user_id, ada.user_id]
    assert Mention.objects.count() == 2


def test_an_owner_is_not_mentioned_in_a_note(ticket, alice, moira):
    assert services.add_note(ticket.public_id, moira, "@alice seems upset").mentioned == []
    assert services.post_message(ticket.public_id, moira, "@alice, look").mentioned == [alice.user_id]


def test_discords_way_of_naming(ticket, alice, moira):
    moira.discord_id = 123456789012345678
    moira.save()
    message = services.post_message(ticket.public_id, alice, "<@123456789012345678> please")
    assert message.mentioned == [moira.user_id]


def test_an_edit_changes_who_is_mentioned(ticket, alice, moira, ada):
    message = services.post_message(ticket.public_id, alice, "@moira please")
    edited = services.edit_message(ticket.public_id, message.pk, alice, "@ada please")
    assert edited.mentioned == [ada.user_id]
    assert list(Mention.objects.values_list("user", flat=True)) == [ada.pk]


# --- blocks ------------------------------------------------------------------
def test_somebody_blocked_reads_and_writes_nothing(ticket, alice, moira, client_of):
    owner, staff = client_of(alice), client_of(moira)
    path = f"/api/tickets/{ticket.public_id}"
    message = services.post_message(ticket.public_id, alice, "Hello")
    body = staff.put(f"/api/tickets/blocklist/{alice.user_id}", {"reason": "Spam"}).json()
    assert (body["user_name"], body["until"], body["blocked_by"]) == ("alice", None, moira.user_id)

    assert owner.get(path).status_code == 200
    assert owner.post(f"{path}/mark-read").status_code == 200
    for answer in (
        owner.post(f"{path}/send", {"message": "Hi"}),
        owner.patch(f"{path}/messages/{message.public_id}", {"message": "Hi"}),
        owner.post("/api/tickets", NEW),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
    services.close_ticket(ticket.public_id, moira)
    assert owner.post(f"{path}/reopen").json()["code"] == "blocked"

    assert [entry["user_id"] for entry in staff.get("/api/tickets/blocklist").json()["blocked"]] == [
        alice.user_id
    ]
    assert staff.delete(f"/api/tickets/blocklist/{alice.user_id}").status_code == 200
    assert owner.post("/api/tickets", NEW).status_code == 201


def test_somebody_blocked_closes_without_a_word_and_rates_nothing(ticket, alice, ada, moira, client_of):
    config.change_section("tickets", {"owner_may_close": True}, ada)
    services.block_user(alice.user_id, moira)
    owner, path = client_of(alice), f"/api/tickets/{ticket.public_id}"
    answer = owner.post(f"{path}/close", {"close_message": "One more word"})
    assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
    assert owner.post(f"{path}/close").status_code == 200
    answer = owner.post(f"{path}/rating", {"score": 1, "comment": "And another"})
    assert (answer.status_code, answer.json()["code"]) == (403, "blocked")


def test_a_block_ends_by_itself(ticket, alice, moira, client_of):
    services.block_user(alice.user_id, moira, until=timezone.now() + timedelta(hours=1))
    assert client_of(alice).post("/api/tickets", NEW).status_code == 403
    Block.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert client_of(alice).post("/api/tickets", NEW).status_code == 201
    assert client_of(moira).get("/api/tickets/blocklist").json()["blocked"] == []


def test_staff_are_not_blocked_here(moira, ada, client_of):
    answer = client_of(moira).put(f"/api/tickets/blocklist/{ada.user_id}", {})
    assert answer.json()["code"] == "cannot_block_staff"


# --- the cooldown ------------------------------------------------------------
def test_between_two_tickets_a_member_waits(ada, alice):
    config.change_section("tickets", {"cooldown_seconds": 600}, ada)
    services.open_ticket(alice, "The first one", "It does not start.")
    with pytest.raises(TooMany) as refused:
        services.open_ticket(alice, "The second one", "It does not start.")
    assert 590 <= refused.value.retry_after <= 601
    Ticket.objects.update(created_at=timezone.now() - timedelta(seconds=601))
    services.open_ticket(alice, "The second one", "It does not start.")


def test_staff_do_not_wait(ada):
    config.change_section("tickets", {"cooldown_seconds": 600}, ada)
    services.open_ticket(ada, "The first one", "It does not start.")
    services.open_ticket(ada, "The second one", "It does not start.")
