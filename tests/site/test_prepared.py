"""Prepared queries give what the querysets they were written from give."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.db.models import BigIntegerField, CharField
from django.utils import timezone

from accounts.models import Session, User
from accounts.services import Device, start_session
from hazesite.prepared import Prepared, Slot
from tickets import prepared, services
from tickets.models import Rating, Ticket, TicketTag, Webhook
from tickets.rendering import detail_json, event_json, summary_json

BY_KEY = Prepared(lambda: Session.objects.select_related("user").filter(key=Slot("key", CharField())))


def fields(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_rows_and_their_related_rows_are_those_of_the_orm(alice, moira, django_assert_num_queries):
    for user in (alice, moira):
        session = start_session(user, Device("127.0.0.1", "Web"))
        asked = Session.objects.select_related("user").get(pk=session.pk)
        with django_assert_num_queries(1):
            found = BY_KEY.first(key=session.key)
            assert fields(found) == fields(asked)
            assert fields(found.user) == fields(asked.user)
        assert found == asked
        assert not found._state.adding
    assert BY_KEY.first(key="no such key") is None


def test_a_changed_row_can_be_saved(alice):
    session = start_session(alice, Device("127.0.0.1", "Web"))
    found = BY_KEY.first(key=session.key)
    found.name = "my phone"
    found.save(update_fields=["name"])
    assert Session.objects.get(pk=session.pk).name == "my phone"


def test_values_are_values_and_never_sql(alice):
    assert BY_KEY.first(key="' OR 1=1 --") is None


@pytest.mark.parametrize("name", ["alice", "moira"])
def test_a_ticket_as_it_is_read(ticket, name, request, django_assert_num_queries):
    reader = request.getfixturevalue(name)
    TicketTag.objects.create(ticket=ticket, name="login")
    Rating.objects.create(ticket=ticket, score=4, comment="Quick")
    asked = services.read_ticket(ticket.public_id, reader)
    with django_assert_num_queries(2):
        found = prepared.ticket_page(ticket.public_id, reader)
    assert found == detail_json(asked, reader)
    assert (found["tags"], found["rating"]["score"]) == (["login"], 4)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_list_has_each_tickets_own_tags(ticket, alice, moira, count, django_assert_num_queries):
    tickets = [ticket] + [Ticket.objects.create(owner=alice, subject=f"Number {n}") for n in range(1, count)]
    for place, one in enumerate(tickets):
        for name in ("later", "bug")[: place % 3]:
            TicketTag.objects.create(ticket=one, name=name)
    asked = Ticket.objects.as_shown_to(moira).order_by("-active_at", "-pk")
    with django_assert_num_queries(2):
        found = prepared.newest_tickets(moira, 50)
    assert [one.shown for one in found] == [summary_json(one, moira) for one in asked]
    assert [(one.pk, one.active_at) for one in found] == [(one.pk, one.active_at) for one in asked]
    assert prepared.newest_tickets(moira, 1) == found[:1]


def test_a_stranger_reads_nothing(ticket, mallory):
    assert prepared.ticket_page(ticket.public_id, mallory) is None
    assert prepared.newest_tickets(mallory, 50) == []
    assert prepared.steps_from(ticket.public_id, mallory, 0, 10) == []


def test_notes_are_no_steps_of_the_owner(ticket, alice, moira):
    services.add_note(ticket.public_id, moira, "Have they tried it without the cable?")
    ticket.refresh_from_db()
    staff = prepared.steps_from(ticket.public_id, moira, 0, 50)
    assert [step.seq for step in staff] == list(range(1, ticket.last_seq + 1))
    assert [step.seq for step in prepared.steps_from(ticket.public_id, alice, 0, 50)] == [
        step.seq for step in staff if not step.is_internal
    ]
    assert {step.ticket.pk for step in staff} == {ticket.pk}


@pytest.mark.django_db(transaction=True)
def test_threads_that_write_it_at_the_same_moment_get_their_own_answers(alice, moira):
    rows = Prepared(lambda: User.objects.filter(pk=Slot("key", BigIntegerField())))

    def ask(key: int) -> int:
        try:
            return rows.first(key=key).pk
        finally:
            connections.close_all()

    wanted = [alice.pk, moira.pk] * 10
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, wanted)) == wanted


def test_what_a_message_asks_is_what_the_orm_answers(ticket, alice, moira):
    said = services.post_message(ticket.public_id, alice, "Once", nonce="n-1")
    assert prepared.standing(alice.pk, "n-1").said == (said.pk, said.nonce_digest)
    assert [prepared.standing(*other).said for other in ((moira.pk, "n-1"), (alice.pk,))] == [None, None]
    assert prepared.standing(moira.pk).role == (False, "moderator", "", True)
    assert prepared.block_of(alice.pk) is None
    block = services.block_user(alice.user_id, moira, reason="Spam")
    assert prepared.block_of(alice.pk) == (block.reason, block.until)
    assert prepared.standing(alice.pk).block == (block.reason, block.until)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert prepared.standing(alice.pk) is None
    Webhook.objects.create(name="off", url="https://example.org/", enabled=False)
    on = Webhook.objects.create(name="on", url="https://example.org/")
    assert prepared.enabled_webhooks() == [on]


def test_tickets_are_counted_for_whoever_asks(ticket, alice, moira, mallory):
    Ticket.objects.create(owner=moira, subject="Another")
    Ticket.objects.create(owner=moira, subject="Gone", deleted_at=timezone.now())
    counts = [prepared.number_of_tickets(reader) for reader in (alice, moira, mallory)]
    assert counts == [1, 2, 0]


@pytest.mark.parametrize("name", ["alice", "moira"])
def test_what_is_shown_of_steps_and_messages_is_all_fetched(ticket, name, request, django_assert_num_queries):
    reader = request.getfixturevalue(name)
    services.post_message(ticket.public_id, reader, "Once more")
    with django_assert_num_queries(2):
        steps = prepared.steps_after(ticket, 1, staff=reader.is_staff, limit=50)
        messages = prepared.newest_messages(ticket.pk, reader, 50)
        shown = [event_json(step, staff=reader.is_staff)["data"] for step in steps]
    assert shown == messages[::-1]
