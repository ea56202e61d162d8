"""Rows stored by prepared statements are what `save` would have stored."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from hazesite.prepared_writes import insert_row, update_row, upsert_row
from tickets.models import Message, ReadMark, Ticket


def stored(row):
    found = type(row).objects.get(pk=row.pk)
    return {field.attname: getattr(found, field.attname) for field in found._meta.concrete_fields}


def held(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def a_message(ticket, author, seq, **more):
    return Message(ticket=ticket, seq=seq, author=author, content="Hello", **more)


def test_an_inserted_row_is_all_there_and_knows_its_key(ticket, alice, django_assert_num_queries):
    message = a_message(ticket, alice, 50, attached=[{"name": "ü"}], edited_at=timezone.now(), by_staff=True)
    with django_assert_num_queries(1):
        insert_row(message)
    assert stored(message) == held(message)
    assert (message._state.adding, message._state.db) == (False, "default")
    message.content = "Changed"
    message.save()
    assert stored(message)["content"] == "Changed"


def test_only_the_named_columns_are_updated(ticket, moira, django_assert_num_queries):
    ticket.claimed_by, ticket.status, ticket.subject = moira, "claimed", "Not stored"
    with django_assert_num_queries(1):
        update_row(ticket, ["status", "claimed_by", "status"])
    found = stored(ticket)
    assert (found["status"], found["claimed_by_id"]) == ("claimed", moira.pk)
    assert found["subject"] != "Not stored"


def test_a_row_that_is_gone_cannot_be_updated(ticket):
    gone = Ticket(pk=ticket.pk + 1000, status="open")
    with pytest.raises(DatabaseError):
        update_row(gone, ["status"])


def test_a_second_row_of_the_same_kind_changes_the_first(ticket, alice):
    for seq in (3, 4):
        mark = ReadMark(ticket=ticket, user=alice, seq=seq, message_count=seq, note_count=seq)
        upsert_row(mark, unique=("ticket", "user"), columns=("seq", "note_count"))
    mark = ReadMark.objects.get(ticket=ticket, user=alice)
    assert (mark.seq, mark.note_count) == (4, 4)


def test_a_refused_row_breaks_its_transaction_as_with_save(ticket, alice):
    taken = ticket.messages.first()
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic():
        with pytest.raises(IntegrityError):
            insert_row(a_message(ticket, alice, taken.seq))
        ticket.refresh_from_db()
