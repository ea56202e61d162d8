from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.tickets.conftest import opened
from tickets import search, services
from tickets.models import Ticket
from tickets.search import index, late, postgres, sqlite

FOUND = [
    "printer", "PRINTER", "prin", "burns monday", "monday burns", "fire printer", "paper tray is go",
    '"paper tray"', '"paper tr', "tray, gone!", "burns since", "(paper)", "paper - tray", "paper* tray",
]  # fmt: skip
MISSED = [
    "rinter", "printer monday", "burns tray", '"tray paper"', '"paper tr"', "whatever",
    "mond burns", "paper OR scissors", "paper NOT tray", "NEAR(paper tray)", "said:paper", "noted : paper",
    "paper | scissors", "paper <-> monday",
]  # fmt: skip


@pytest.mark.parametrize("query", FOUND)
def test_all_words_of_the_subject_or_of_one_message(query, printer, look, alice, moira):
    assert look(alice, query) == look(moira, query) == ["Printer on fire"]


@pytest.mark.parametrize("query", MISSED)
def test_what_does_not_hold_all_the_words_is_not_found(query, printer, look, moira):
    assert look(moira, query) == []


LANGUAGES = [
    ("Die Straße ist über Nacht größer geworden", ["strasse", "Straße", "uber", "über", "größ", "gross"]),
    ("Café crème à la carte", ["cafe creme", "CAFÉ", "crème", "cre"]),
    ("السَّلامُ عليكم، أحمد", ["السلام", "عليكم", "احمد", "أحمد", "السلا", "السَّلامُ عليكم"]),
    ("Привет мир, Ёлка", ["привет", "ПРИВ", "ёлка"]),
    ("Version 1.24.3-beta of bot_core", ["1.24.3", "1.24", "beta", "bot_core", "core", "1.24.3-be"]),
    ("cafe\u0301 in two signs", ["café", "cafe", "caf"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "queries"), LANGUAGES)
def test_any_language(content, queries, alice, look):
    opened(alice, "A ticket", content)
    assert {query: look(alice, query) for query in queries} == {query: ["A ticket"] for query in queries}


ODD = [
    "AND", "NEAR(", "*", '"', '""', "'", ":", "^", "-", "a:b", "x AND", "OR x", "NOT", "a*b", "(((",
    "{said}: x", "a\u0301", "\u0301", "²", "½", "ª", "x" * 200, "a " * 99,
    "\\", "%", "_", "a & b", "!", "a <-> b", "':*", "''", "x'); DROP TABLE tickets_ticket; --", "\ufffd",
    "#", "# 1", "#99999999999999999999999", "9" * 60, "🦀",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_nothing_typed_is_an_error(query, printer, look, moira, alice):
    assert look(moira, query) == look(alice, query) == []


@pytest.mark.parametrize("query", ["!!!", "?", '"', "*", "- -"])
def test_without_a_letter_or_a_digit_nothing_is_asked_for(query, printer, look, moira):
    assert look(moira, query) == []


@pytest.mark.parametrize("query", ["", "%20"])
def test_an_emptied_search_field_lists_all(query, printer, client_of, moira):
    assert client_of(moira).get(f"/api/tickets?q={query}").json()["total"] == 1


@pytest.mark.parametrize("query", ["%00", "a%00b", "x" * 201])
def test_nul_and_too_much_are_refused(query, printer, client_of, moira):
    assert client_of(moira).get(f"/api/tickets?q={query}").status_code == 400


@hypothesis(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40) | st.lists(st.sampled_from([*ODD, *FOUND, *MISSED])).map(" ".join))
def test_whatever_is_typed_is_answered(query, printer, client_of, moira):
    found = search.matching(Ticket.objects.visible_to(moira), query.replace("\0", ""), moira)
    assert found.total() == len(found.rows) <= 1


def test_a_number_and_an_id_find_their_ticket(alice, mallory, moira, look):
    first = opened(alice, "The first one")
    opened(alice, "The second one", f"As I wrote in {first.pk} before.")
    assert look(moira, f"#{first.pk}") == ["The first one"]
    assert look(moira, str(first.pk)) == ["The second one", "The first one"]
    assert look(moira, first.public_id) == ["The first one"]
    for query in (f"#{first.pk}", str(first.pk), first.public_id):
        assert look(mallory, query) == []


def test_what_a_note_holds_is_found_by_staff_alone(printer, alice, moira, look):
    services.add_note(printer.public_id, moira, "He seems to be an arsonist.")
    assert look(moira, "arsonist") == look(moira, "arso") == ["Printer on fire"]
    assert look(alice, "arsonist") == look(alice, "arso") == look(alice, "noted:arsonist") == []


def test_members_find_their_own(printer, mallory, look):
    assert look(mallory, "printer") == []


def test_edited_words_are_found_and_those_before_are_not(printer, alice, look):
    message = printer.messages.get(content__startswith="It burns")
    services.edit_message(printer.public_id, message.pk, alice, "It smokes.")
    assert (look(alice, "smokes"), look(alice, "burns")) == (["Printer on fire"], [])


def test_deleted_messages_and_tickets_are_not_found(printer, alice, ada, look):
    message = printer.messages.get(content__startswith="It burns")
    services.delete_message(printer.public_id, message.pk, alice)
    assert (look(ada, "burns"), look(ada, "printer")) == ([], ["Printer on fire"])
    services.delete_ticket(printer.public_id, ada)
    assert look(ada, "printer") == []


def test_with_other_filters_and_in_pages(alice, moira, client_of, look):
    for number in range(7):
        ticket = opened(alice, f"Ticket number {number}", "The same words for all.")
        services.update_ticket(ticket.public_id, moira, {"tags": ["odd"] if number % 2 else []})
        services.close_ticket(ticket.public_id, moira)
    assert look(moira, "same words", "&status=open") == []
    assert look(moira, "same words", "&tag=odd") == [f"Ticket number {n}" for n in (5, 3, 1)]
    seen, cursor = [], ""
    while cursor is not None:
        page = client_of(moira).get(f"/api/tickets?q=same%20words&limit=3{cursor}").json()
        seen += [ticket["subject"] for ticket in page["tickets"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert seen == [f"Ticket number {n}" for n in range(6, -1, -1)]


ON_POSTGRES = ["late"] if connection.vendor == "postgresql" else []


@pytest.fixture(params=["some", "many", *ON_POSTGRES])
def everything_is_common(monkeypatch, request):
    """The look at the newest rows says so from the first hit."""
    if request.param == "few":
        return
    if request.param == "late":
        monkeypatch.setattr(late, "_is_quicker", lambda *_figures: True)
        return
    monkeypatch.setattr(sqlite, "ENOUGH", 1)
    monkeypatch.setattr(sqlite, "AT_LEAST", 0)
    monkeypatch.setattr(sqlite, "SOME", 0)
    for engine in (sqlite, postgres):
        monkeypatch.setattr(engine, "MANY", 0 if request.param == "many" else 2)


@pytest.mark.parametrize("query", FOUND)
def test_a_walk_finds_the_same(query, everything_is_common, printer, ticket, look, alice, moira):
    assert look(alice, query) == look(moira, query) == ["Printer on fire"]


@pytest.mark.parametrize("query", MISSED)
def test_a_walk_misses_the_same(query, everything_is_common, printer, ticket, look, moira):
    assert look(moira, query) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("more", ["", "&status=open", "&priority=normal"])
def test_the_total_is_that_of_all_pages(limit, more, everything_is_common, alice, mallory, moira, client_of):
    _all_pages_say(3, limit, more, alice, mallory, moira, client_of)


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("more", ["", "&status=open", "&priority=normal"])
def test_the_total_of_what_is_rare(limit, more, alice, mallory, moira, client_of):
    _all_pages_say(3, limit, more, alice, mallory, moira, client_of)


def _all_pages_say(total, limit, more, alice, mallory, moira, client_of):
    for owner in (alice, mallory, alice):
        opened(owner, "Printer on fire", "The printer burns.")
    opened(alice, "Printer lost").delete()
    deleted = opened(alice, "Printer stolen")
    Ticket.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    for who, expected in ((moira, total), (alice, total - 1)):
        seen, cursor = 0, ""
        while cursor is not None:
            page = client_of(who).get(f"/api/tickets?q=printer&limit={limit}{more}{cursor}").json()
            assert page["total"] == expected
            seen += len(page["tickets"])
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == expected


@pytest.mark.postgres
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
@pytest.mark.parametrize("looks", [1, 2])
def test_late_tickets_and_earlier_ones_are_found_in_their_order(
    monkeypatch, looks, limit, alice, mallory, moira, client_of
):
    """The late ones are those of the last group the index knows, or of the last two."""
    answers = iter([False, True][-looks:])
    monkeypatch.setattr(late, "_is_quicker", lambda *_figures: next(answers))
    earlier = opened(alice, "Printer one")
    opened(alice, "Not that")
    numbers = iter([5, 6, 6, 7, 7])
    for subject in ("Printer five", "Printer six", "Not that", "Printer seven", "Nor that"):
        ticket = opened(mallory, subject)
        key = (next(numbers) << index.POSTGRES_GROUP_BITS) + ticket.pk
        _with_key(ticket, key)
    services.post_message(earlier.public_id, alice, "And again.")
    page = client_of(moira).get(f"/api/tickets?q=printer&limit={limit}").json()
    expected = ["Printer one", "Printer seven", "Printer six", "Printer five"]
    assert [ticket["subject"] for ticket in page["tickets"]] == expected[:limit]
    assert page["total"] == 4


@pytest.mark.parametrize("everything_is_common", ["few", "some", "many"], indirect=True)
def test_open_tickets_are_found_among_few_and_many_others(
    everything_is_common, alice, mallory, moira, client_of
):
    """Where all that are open or claimed are late ones, and where an early one is too."""
    first = opened(alice, "Printer one")
    for number, state in ((3, "closed"), (5, "open"), (9, "closed"), (9, "claimed"), (9, "open")):
        ticket = opened(mallory, f"Printer {number} {state}")
        if state == "closed":
            services.close_ticket(ticket.public_id, moira)
        if state == "claimed":
            services.claim_ticket(ticket.public_id, moira)
        _with_key(ticket, (number << index.POSTGRES_GROUP_BITS) + ticket.pk)

    def found(status, limit=1):
        path, seen, cursor = f"/api/tickets?q=printer&status={status}&limit={limit}", [], ""
        while cursor is not None:
            page = client_of(moira).get(path + cursor).json()
            seen += [ticket["subject"] for ticket in page["tickets"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert page["total"] == len(seen)
        return seen

    late_ones = ["Printer 9 open", "Printer 9 claimed", "Printer 5 open"]
    assert found("open") == found("open", 4) == [*late_ones, "Printer one"]
    assert found("claimed") == ["Printer 9 claimed"]
    services.close_ticket(first.public_id, moira)
    assert found("open") == found("open", 3) == late_ones
    assert found("closed", 2) == ["Printer one", "Printer 9 closed", "Printer 3 closed"]
    assert client_of(moira).get("/api/tickets?q=printer&status=claimed").json()["total"] == 1


@pytest.mark.postgres
def test_groups_are_named_where_they_leave_out_half(alice, moira):
    tickets = [opened(alice, f"Ticket {number}") for number in range(3)]
    assert late.groups_of(("open",)) is None
    for number, ticket in zip((0, 2, 7), tickets, strict=True):
        _with_key(ticket, (number << index.POSTGRES_GROUP_BITS) + ticket.pk + 10)
    assert sorted(late.groups_of(("open",))) == [0, 2, 7]
    assert late.groups_of(("claimed",)) == []


def _with_key(ticket, key):
    """As it would be after so many others."""
    copy = Ticket.objects.get(pk=ticket.pk)
    copy.pk, copy.public_id, copy.client_nonce, copy.last_message = key, f"{copy.public_id[:-1]}_", None, None
    copy.save(force_insert=True)
    ticket.delete()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("figures", "quicker"),
    [
        ((130, 11, 10_000, 100_000), True),
        ((500, 51, 10_000, 100_000), True),
        ((50, 51, 10_000, 100_000), False),
        ((60, 51, 16_000, 100_000), False),
        ((60, 51, 16_000, 3_000_000), True),
    ],
)
def test_what_few_hold_is_collected(figures, quicker):
    assert late._is_quicker(*figures) is quicker


def test_a_walk_shows_no_notes_to_owners(everything_is_common, printer, alice, moira, look):
    services.add_note(printer.public_id, moira, "He seems to be an arsonist.")
    assert (look(alice, "arsonist"), look(moira, "arsonist")) == ([], ["Printer on fire"])


def test_the_number_of_queries_is_bounded(alice, moira, client_of, django_assert_max_num_queries):
    """Whichever of the ways is taken: who asks, up to two looks, ids, tickets, tags, up to two counts."""
    client = client_of(moira)
    for number in range(12):
        ticket = opened(alice, f"Printer {number}" if number % 3 else f"Printer and scanner {number}")
        services.update_ticket(ticket.public_id, moira, {"tags": ["a", "b"]})
        services.close_ticket(ticket.public_id, moira)
    with django_assert_max_num_queries(8):
        assert len(client.get("/api/tickets?q=printer").json()["tickets"]) == 12
    with django_assert_max_num_queries(6):  # what few tickets hold is counted as it is found
        assert client.get("/api/tickets?q=scanner&limit=3").json()["total"] == 4
