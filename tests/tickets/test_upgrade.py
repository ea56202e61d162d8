"""From the first version of the tables to this one, with what was in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.crypto import get_random_string

from tickets import search, services
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.workers]


def migrated(*target: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(target))
    return executor.loader.project_state(list(target)).apps


@pytest.fixture
def before() -> Iterator[Any]:
    """The models of the first version, with its tables; the tables of now when the test has ended."""
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    try:
        yield migrated(("tickets", "0001_initial"))
    finally:
        migrated(*latest)
        call_command("migrate", verbosity=0)  # what is not a migration's own: the triggers


def old_ticket(before: Any, owner: int, *speakers: tuple[int, bool], **more: Any) -> int:
    """One with a message of each speaker: who, and whether they were staff."""
    ticket = before.get_model("tickets", "Ticket").objects.create(
        public_id=get_random_string(20),
        owner_id=owner,
        subject="An old one",
        type="bug",
        last_seq=len(speakers),
        message_count=len(speakers),
        **more,
    )
    for seq, (author, by_staff) in enumerate(speakers, 1):
        ticket.last_message = before.get_model("tickets", "Message").objects.create(
            ticket=ticket, seq=seq, author_id=author, content=f"said {seq}", by_staff=by_staff
        )
    ticket.save()
    return int(ticket.pk)


def test_old_tickets_have_their_turn_and_their_first_answer(before, alice, moira, ada):
    owner, staff = (alice.pk, False), (moira.pk, True)
    closed = {"status": "closed", "closed_at": timezone.now()}
    rows = {
        old_ticket(before, alice.pk): ("staff", False),
        old_ticket(before, alice.pk, owner): ("staff", False),
        old_ticket(before, alice.pk, owner, staff): ("owner", True),
        old_ticket(before, alice.pk, owner, staff, owner): ("staff", True),
        old_ticket(before, alice.pk, owner, staff, **closed): ("staff", True),
    }
    migrated(*MigrationExecutor(connection).loader.graph.leaf_nodes())
    now = Ticket.objects.order_by("pk")
    assert {one.pk: (one.awaiting, one.first_answer_at is not None) for one in now} == rows
    answered = now[2]
    services.update_ticket(answered.public_id, ada, {"priority": "high"})
    services.post_message(answered.public_id, alice, "Still the same.")
    assert Ticket.objects.get(pk=answered.pk).awaiting == "staff"
    assert search.matching(Ticket.objects.all(), "an old one", ada).rows.count() == len(rows)
    assert search.matching(Ticket.objects.all(), "said 2", ada).rows.count() == 3


def test_a_process_of_the_first_version_still_writes(before, alice, moira):
    """Its inserts name no column that came later."""
    migrated(*MigrationExecutor(connection).loader.graph.leaf_nodes())
    pk = old_ticket(before, alice.pk, (alice.pk, False), (moira.pk, True))
    ticket = Ticket.objects.get(pk=pk)
    assert (ticket.awaiting, ticket.answers, ticket.answer_overdue) == ("staff", [], False)
    assert [(one.attached, one.mentioned) for one in ticket.messages.all()] == [([], [])] * 2
