"""Two at once: exactly one wins. Row locks mean something on PostgreSQL alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import User
from botconfig import services as config
from hazesite.errors import Refused
from tickets import services
from tickets.models import Message, ReadMark, Ticket, TicketEvent

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or was refused with, all started in the same moment."""
    results: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        try:
            results[place] = calls[place]()
        except Refused as refused:
            results[place] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def behind(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` came to, which waited for a lock that `first` held until it was committed."""
    results: list[Any] = []

    def run() -> None:
        results.extend(at_once(second))

    thread = threading.Thread(target=run)
    with transaction.atomic():
        first()
        thread.start()
        deadline = time.monotonic() + 2
        while not _somebody_waits() and time.monotonic() < deadline:
            time.sleep(0.01)
    thread.join()
    return results[0]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def codes(results: list[Any]) -> list[str]:
    return sorted(result for result in results if isinstance(result, str))


@pytest.mark.parametrize("_round", range(5))
def test_one_of_two_claims_wins(ticket, moira, ada, _round):
    results = at_once(*(lambda who=who: services.claim_ticket(ticket.public_id, who) for who in (moira, ada)))
    assert codes(results) == ["already_claimed"]
    assert TicketEvent.objects.filter(type="ticket_claimed").count() == 1


def test_claim_and_close_leave_a_legal_state(ticket, moira, ada):
    results = at_once(
        lambda: services.claim_ticket(ticket.public_id, moira),
        lambda: services.close_ticket(ticket.public_id, ada),
    )
    ticket.refresh_from_db()
    assert ticket.status == "closed"
    assert codes(results) in ([], ["ticket_closed"])


def test_reopen_and_delete(ticket, moira, ada):
    services.close_ticket(ticket.public_id, moira)
    at_once(
        lambda: services.reopen_ticket(ticket.public_id, moira),
        lambda: services.delete_ticket(ticket.public_id, ada),
    )
    ticket.refresh_from_db()
    assert ticket.deleted_at is not None


def test_a_role_lost_while_sending_is_lost(ticket, moira, ada):
    """Whatever the order, nobody who is no moderator any more has the last word."""
    stale = User.objects.get(pk=moira.pk)
    [sent, _changed] = at_once(
        lambda: services.post_message(ticket.public_id, stale, "As a moderator"),
        lambda: accounts.change_access(moira, ada, granted_role="", is_active=True),
    )
    assert sent == "not_found" or sent.by_staff
    stale = User.objects.get(pk=moira.pk)
    stale.granted_role = "moderator"  # as a request has it that was let in a moment before
    with pytest.raises(Refused):
        services.post_message(ticket.public_id, stale, "Once more")
    with pytest.raises(Refused):
        services.claim_ticket(ticket.public_id, stale)


def test_somebody_blocked_while_sending_says_no_more(ticket, alice, ada):
    stale = User.objects.get(pk=alice.pk)
    accounts.change_access(alice, ada, granted_role="", is_active=False)
    with pytest.raises(Refused):
        services.post_message(ticket.public_id, stale, "Still here")


def test_a_block_given_while_a_message_waits_counts(ticket, alice, moira):
    def block() -> None:
        services.add_note(ticket.public_id, moira, "That is enough.")
        services.block_user(alice.user_id, moira)

    assert behind(block, lambda: services.post_message(ticket.public_id, alice, "More")) == "blocked"


def test_a_block_lifted_while_a_message_waits_counts(ticket, alice, moira):
    def unblock() -> None:
        services.add_note(ticket.public_id, moira, "Let them speak.")
        services.unblock_user(alice.user_id, moira)

    services.block_user(alice.user_id, moira)
    sent = behind(unblock, lambda: services.post_message(ticket.public_id, alice, "Thank you"))
    assert isinstance(sent, Message)


def test_a_transfer_that_waited_for_a_claim_knows_of_it(ticket, moira, ada):
    def claim() -> None:
        services.claim_ticket(ticket.public_id, moira)

    refused = behind(claim, lambda: services.transfer_ticket(ticket.public_id, ada, moira.user_id))
    assert refused == "already_theirs"
    services.unclaim_ticket(ticket.public_id, moira)
    behind(claim, lambda: services.transfer_ticket(ticket.public_id, ada, ada.user_id))
    transferred = TicketEvent.objects.get(type="ticket_transferred")
    assert transferred.facts["claimed_before"] == moira.user_id


def test_transfer_and_claim(ticket, moira, ada):
    results = at_once(
        lambda: services.transfer_ticket(ticket.public_id, ada, moira.user_id),
        lambda: services.claim_ticket(ticket.public_id, ada),
    )
    ticket.refresh_from_db()
    assert ticket.claimed_by == moira
    assert codes(results) in ([], ["already_claimed"])


@pytest.mark.parametrize("_round", range(3))
def test_two_tickets_merged_into_each_other(ticket, alice, moira, ada, _round):
    second = services.open_ticket(alice, "The same again", "It still does not start.")
    results = at_once(
        lambda: services.merge_tickets(ticket.public_id, second.public_id, moira),
        lambda: services.merge_tickets(second.public_id, ticket.public_id, ada),
    )
    assert codes(results) == ["cannot_merge"]
    assert Ticket.objects.filter(status="closed").count() == 1


def test_two_ratings_are_one(ticket, alice, moira):
    services.close_ticket(ticket.public_id, moira)
    results = at_once(
        *(lambda score=score: services.rate_ticket(ticket.public_id, alice, score) for score in (1, 5))
    )
    assert codes(results) == ["already_rated"]


def test_a_message_and_the_closing_of_a_silent_ticket(ticket, alice, moira):
    services.post_message(ticket.public_id, moira, "Which version?")
    long_ago = timezone.now() - timedelta(days=30)
    Ticket.objects.update(quiet_since=long_ago, reminded_at=long_ago)
    results = at_once(
        services.watch_tickets, lambda: services.post_message(ticket.public_id, alice, "Version 3")
    )
    ticket.refresh_from_db()
    if codes(results):
        assert (codes(results), ticket.status) == (["ticket_closed"], "closed")
    else:
        assert (results[0]["closed"], ticket.status) == (0, "open")


def test_workers_that_look_at_once_remind_once(ticket, moira):
    Ticket.objects.update(quiet_since=timezone.now() - timedelta(hours=60))
    results = at_once(services.watch_tickets, services.watch_tickets)
    assert sum(done["reminded"] for done in results) == 1


@pytest.mark.parametrize("_round", range(5))
def test_sends_with_one_nonce_are_one_message(ticket, alice, _round):
    results = at_once(
        *(lambda: services.post_message(ticket.public_id, alice, "Hello", nonce="n") for _ in range(6))
    )
    assert len({message.pk for message in results}) == 1
    assert Message.objects.filter(client_nonce="n").count() == 1


def test_one_nonce_in_two_tickets_is_refused_once(ticket, alice):
    other = services.open_ticket(alice, "Another", "Another ticket of mine.")
    results = at_once(
        *(
            lambda name=name: services.post_message(name, alice, "Hello", nonce="n")
            for name in (ticket.public_id, other.public_id)
        )
    )
    assert codes(results) == ["nonce_reused"]


def test_many_writers_leave_no_gap_and_count_right(ticket, alice, moira, ada):
    def write(who: Any) -> None:
        for number in range(10):
            services.post_message(ticket.public_id, who, str(number))

    at_once(*(lambda who=who: write(who) for who in (alice, moira, ada, alice)))
    ticket.refresh_from_db()
    assert list(ticket.events.values_list("seq", flat=True)) == list(range(1, 43))
    assert (ticket.last_seq, ticket.message_count) == (42, 41)


def test_two_tabs_open_no_more_than_one_may(alice, ada):
    config.change_section("tickets", {"max_open_per_user": 1}, ada)
    results = at_once(
        *(lambda n=n: services.open_ticket(alice, f"Tab {n}", "From two tabs at once.") for n in range(4))
    )
    assert codes(results) == ["too_many_open_tickets"] * 3
    assert Ticket.objects.count() == 1


def test_marks_and_messages_do_not_deadlock(ticket, alice, moira):
    calls = [lambda: services.mark_read(ticket.public_id, moira)] * 4
    calls += [lambda: services.post_message(ticket.public_id, alice, "x")] * 4
    at_once(*calls)
    assert ReadMark.objects.filter(ticket=ticket).count() == 2


def test_two_changes_of_one_section_are_two_versions(ada):
    at_once(
        lambda: config.change_section("general", {"bot_name": "A"}, ada),
        lambda: config.change_section("general", {"message_cooldown": 9}, ada),
    )
    reading = config.read_section("general")
    assert (reading.version, reading.values["bot_name"], reading.values["message_cooldown"]) == (2, "A", 9)
