"""The index behind the search follows whatever is written."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from tests.tickets.conftest import opened
from tickets import services
from tickets.models import Message, Ticket
from tickets.search import index, late


def size_of_the_index() -> int:
    """On SQLite, which keeps no copy of the rows, the places at which words stand."""
    rows = "tickets_search_terms" if connection.vendor == "sqlite" else "tickets_search"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {rows}")
        return int(cursor.fetchone()[0])


def test_whatever_way_rows_are_written_the_index_follows(printer, alice, mallory, look):
    """No service is asked here: the database does it."""
    Message.objects.filter(ticket=printer).update(content="All of it became ashes.")
    Ticket.objects.filter(pk=printer.pk).update(subject="Cold now")
    assert (look(alice, "ashes"), look(alice, "cold"), look(alice, "printer")) == (
        ["Cold now"],
        ["Cold now"],
        [],
    )
    other = opened(mallory, "Elsewhere")
    Message.objects.filter(ticket=printer, seq=3).update(ticket=other, seq=99)
    assert look(mallory, "ashes") == ["Elsewhere"]
    Message.objects.filter(ticket=printer).update(is_note=True)
    assert look(alice, "ashes") == []


def test_purging_a_ticket_leaves_nothing_in_the_index(alice, ticket):
    before = size_of_the_index()
    gone = opened(alice, "Printer on fire", "It burns since Monday.")
    services.edit_message(gone.public_id, gone.messages.get().pk, alice, "It smokes since Monday.")
    assert size_of_the_index() > before
    gone.delete()
    assert size_of_the_index() == before


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_index_without_groups_is_built_anew_beside_the_old(printer, look, moira, monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX tickets_search_words")
        cursor.execute("CREATE INDEX tickets_search_words ON tickets_search USING gin (words)")
        cursor.execute("CREATE INDEX tickets_search_grouped ON tickets_search (seq)")  # half of an attempt
    for _once_more in range(2):
        index.regroup(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'tickets_search' ORDER BY 1")
            found = [definition for (definition,) in cursor.fetchall()]
        assert len(found) == 3
        assert any("gin (words, (ARRAY[(ticket_id >> 13)]))" in definition for definition in found)
    monkeypatch.setattr(late, "_is_quicker", lambda *_figures: True)
    assert look(moira, "printer") == ["Printer on fire"]


def test_the_index_is_built_from_what_is_there(printer, look, moira, alice):
    services.delete_message(printer.public_id, printer.messages.get(seq=2).pk, alice)
    services.add_note(printer.public_id, moira, "He seems to be an arsonist.")
    index.drop(connection)
    services.post_message(printer.public_id, alice, "Written while there was no index.")
    index.build(connection)
    assert look(moira, "arsonist") == look(moira, "while there") == look(alice, "tray") == ["Printer on fire"]
    assert look(moira, "burns") == look(alice, "arsonist") == []


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_is_written_while_the_index_is_built_is_found(printer, look, alice, monkeypatch):
    """Processes of the version before go on writing, and nothing tells the index until it has triggers."""
    said = services.post_message(printer.public_id, alice, "A first version.")
    index.drop(connection)
    as_read = """INSERT INTO tickets_search (ticket_id, seq, is_note, words)
        SELECT ticket_id, seq, false, tickets_vector(content) FROM tickets_message"""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE written AS SELECT * FROM tickets_message")
    services.edit_message(printer.public_id, said.pk, alice, "A second edition.")
    services.delete_message(printer.public_id, printer.messages.get(seq=2).pk, alice)
    services.post_message(printer.public_id, alice, "One more word.")
    opened(alice, "Scanner")
    monkeypatch.setattr(index, "POSTGRES_ROWS", as_read.replace("FROM tickets_message", "FROM written"))
    try:
        index.build(connection)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE written")
    assert look(alice, "edition") == look(alice, "one more") == ["Printer on fire"]
    assert look(alice, "scanner") == ["Scanner"]
    assert look(alice, "version") == look(alice, "burns") == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its triggers")
def test_triggers_that_a_migration_lost_are_put_back(printer, alice, look):
    with connection.cursor() as cursor:
        for name in index.SQLITE_TRIGGERS:
            cursor.execute(f"DROP TRIGGER {name}")
    call_command("migrate", verbosity=0, stdout=StringIO())
    services.post_message(printer.public_id, alice, "Now it is a puddle.")
    assert look(alice, "puddle") == ["Printer on fire"]


def test_housekeeping_merges_the_pieces_of_the_index(printer, look, alice):
    index.forget_for_good()  # however many pieces there were before
    for number in range(40):
        services.post_message(printer.public_id, alice, f"piece number {number}")
    merges = index.merge_pieces()
    assert index.merge_pieces() == 0
    assert merges >= (connection.vendor == "sqlite")
    assert look(alice, "piece") == ["Printer on fire"]
