from __future__ import annotations

import pytest
from django.db import IntegrityError

from tickets import services
from tickets.models import Message, TicketEvent


@pytest.fixture
def url(ticket) -> str:
    return f"/api/tickets/{ticket.public_id}"


def test_a_message_is_stored_and_shown_to_both_sides(ticket, alice, moira, client_of, url):
    sent = client_of(moira).post(f"{url}/send", {"message": "  Which version?\n"})

    message = sent.json()["message"]
    assert (sent.status_code, sent.json()["success"]) == (200, True)
    assert message["content"] == "  Which version?\n"
    assert (message["is_admin"], message["is_note"], message["author_id"]) == (True, False, moira.user_id)
    detail = client_of(alice).get(url).json()
    assert detail["messages"][-1] == message
    assert detail["last_seq"] == message["seq"] == 3
    assert detail["last_message"] == message["content"]


def test_messages_is_another_name_for_send(alice, client_of, url):
    assert client_of(alice).post(f"{url}/messages", {"message": "Hello"}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"message": ""}, {"message": " \n"}, {"message": "x" * 4001}, {"message": 5}, {"message": ["x"]},
     {"message": "a\0b"}, [], {"message": None}, {"message": "x", "client_nonce": 5}],
)  # fmt: skip
def test_bad_input_is_refused_and_stores_nothing(alice, client_of, url, body):
    assert client_of(alice).post(f"{url}/send", body).status_code == 400
    assert Message.objects.count() == 1


@pytest.mark.parametrize("text", ["x" * 4000, "🦀" * 4000, "<b>&amp;</b>", "--'; DROP TABLE", "\u202eabc"])
def test_any_text_comes_back_as_it_was_written(alice, client_of, url, text):
    answer = client_of(alice).post(f"{url}/send", {"message": text})
    assert answer.json()["message"]["content"] == text


def test_the_same_nonce_is_one_message(alice, client_of, url):
    client = client_of(alice)
    first = client.post(f"{url}/send", {"message": "Hello", "client_nonce": "n1"})
    again = client.post(f"{url}/messages", {"message": "Hello"}, headers={"Idempotency-Key": "n1"})

    assert first.json() == again.json()
    assert Message.objects.filter(content="Hello").count() == 1


def test_a_retry_is_answered_even_when_the_ticket_was_closed_meanwhile(ticket, alice, moira, client_of, url):
    client = client_of(alice)
    first = client.post(f"{url}/send", {"message": "Hello", "client_nonce": "n1"})
    services.close_ticket(ticket.public_id, moira)
    assert client.post(f"{url}/send", {"message": "Hello", "client_nonce": "n1"}).json() == first.json()


@pytest.mark.django_db(transaction=True)
def test_a_place_taken_twice_is_no_nonce_used_twice(alice, ticket):
    """A client gives up a message with a used nonce; this one it must send again."""
    Message.objects.create(ticket=ticket, seq=ticket.last_seq + 1, author=alice, content="From elsewhere")
    with pytest.raises(IntegrityError):
        services.post_message(ticket.public_id, alice, "Hello", nonce="n1")


def test_a_nonce_stands_for_one_text_in_one_ticket(alice, moira, client_of, url):
    client = client_of(alice)
    client.post(f"{url}/send", {"message": "Hello", "client_nonce": "n1"})
    other = services.open_ticket(alice, "Another", "Another ticket of mine.")

    for path, text in ((url, "Bye"), (f"/api/tickets/{other.public_id}", "Hello")):
        answer = client.post(f"{path}/send", {"message": text, "client_nonce": "n1"})
        assert (answer.status_code, answer.json()["code"]) == (409, "nonce_reused")
    theirs = client_of(moira).post(f"{url}/send", {"message": "Bye", "client_nonce": "n1"})
    assert theirs.status_code == 200


def test_two_different_keys_in_one_request_are_a_mistake(alice, client_of, url):
    answer = client_of(alice).post(
        f"{url}/send", {"message": "x", "client_nonce": "a"}, headers={"Idempotency-Key": "b"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "unfit")
    assert (
        client_of(alice).post(f"{url}/send", {"message": "x"}, headers={"Idempotency-Key": "b b"}).status_code
        == 400
    )


def test_a_closed_ticket_takes_no_message(ticket, alice, moira, client_of, url):
    services.close_ticket(ticket.public_id, moira)
    answer = client_of(alice).post(f"{url}/send", {"message": "Hello"})
    assert (answer.status_code, answer.json()["code"]) == (409, "ticket_closed")


def test_writing_is_limited(ticket, alice, client_of, url, counted_limits):
    client = client_of(alice)
    codes = [client.post(f"{url}/send", {"message": "x"}).status_code for _ in range(121)]
    assert (codes[119], codes[120]) == (200, 429)


def test_the_author_edits_and_nobody_else(alice, moira, client_of, url):
    message = client_of(alice).post(f"{url}/send", {"message": "Helo"}).json()["message"]
    edited = client_of(alice).patch(f"{url}/messages/{message['id']}", {"message": "Hello"})

    assert edited.json()["message"]["content"] == "Hello"
    assert edited.json()["message"]["edited_at"]
    assert edited.json()["message"]["seq"] == message["seq"]
    refused = client_of(moira).patch(f"{url}/messages/{message['id']}", {"message": "x"})
    assert refused.status_code == 403


def test_an_edit_that_changes_nothing_is_no_event(ticket, alice):
    message = services.post_message(ticket.public_id, alice, "Hello")
    services.edit_message(ticket.public_id, message.pk, alice, "Hello")
    assert not TicketEvent.objects.filter(type="message_edited").exists()


def test_author_and_staff_delete(ticket, alice, moira, mallory, client_of, url):
    first, second = (services.post_message(ticket.public_id, alice, text) for text in "ab")
    theirs = services.post_message(ticket.public_id, moira, "c")

    assert client_of(alice).delete(f"{url}/messages/{first.public_id}").status_code == 200
    assert client_of(moira).delete(f"{url}/messages/{second.public_id}").status_code == 200
    assert client_of(alice).delete(f"{url}/messages/{theirs.public_id}").status_code == 403
    assert client_of(mallory).delete(f"{url}/messages/{theirs.public_id}").status_code == 404
    assert client_of(alice).delete(f"{url}/messages/{first.public_id}").status_code == 404
    contents = [message["content"] for message in client_of(alice).get(url).json()["messages"]]
    assert contents == ["Since this morning nothing happens.", "c"]


def test_deleting_the_last_message_brings_back_the_one_before(ticket, alice, client_of, url):
    last = services.post_message(ticket.public_id, alice, "Oops")
    services.delete_message(ticket.public_id, last.pk, alice)
    assert client_of(alice).get(url).json()["last_message"] == "Since this morning nothing happens."


@pytest.mark.parametrize("name", ["msg_0", "msg_x", "7", "msg_99999999999999999999", "msg_1;x"])
def test_a_message_that_is_none_is_404(ticket, alice, client_of, url, name):
    assert client_of(alice).patch(f"{url}/messages/{name}", {"message": "x"}).status_code == 404


def test_paging_through_messages(ticket, alice, client_of, url):
    for number in range(5):
        services.post_message(ticket.public_id, alice, str(number))
    client = client_of(alice)

    def contents(query: str) -> list[str]:
        return [message["content"] for message in client.get(f"{url}/messages?{query}").json()["messages"]]

    assert contents("limit=2") == ["3", "4"]
    assert contents("after_seq=3&limit=2") == ["1", "2"]
    assert contents("before_seq=6&limit=2") == ["1", "2"]
    assert client.get(f"{url}/messages?after_seq=7").json() == {"messages": [], "last_seq": 7}
    assert client.get(f"{url}/messages?limit=0").status_code == 400


def test_a_detail_costs_the_same_at_a_hundred_messages(
    ticket, alice, moira, client_of, url, django_assert_num_queries
):
    client = client_of(alice)
    for number in range(20):
        services.post_message(ticket.public_id, moira if number % 2 else alice, str(number))
    with django_assert_num_queries(4):
        assert len(client.get(url).json()["messages"]) == 21
