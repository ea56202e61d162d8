"""Whatever happens to a ticket: what a client knew, plus the events since, is what it would read anew."""

from __future__ import annotations

import copy
import os
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from hazesite.errors import Refused
from tests.faults.actions import ACTIONS, World
from tests.faults.screen import Screen
from tickets import services
from tickets.errors import TicketGone
from tickets.models import ReadMark, Ticket, TicketEvent
from tickets.rendering import detail_json, event_json, summary_json
from tickets.services.reading import read_ticket

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("EXAMPLES", "20"))
TOLD = ("status", "type", "priority", "tags", "claimed_by", "assigned_to", "closed_at", "merged_into")
"""What events tell of a ticket; `snoozed_until` too, to staff. Clocks and unread counts are not told."""


def read_anew(ticket_id: str, reader: User) -> Screen:
    """What a client starts with: the ticket and all its messages, by another way than the events."""
    ticket = read_ticket(ticket_id, reader)
    messages = services.messages_of(ticket, reader, limit=1000)
    detail = plain(detail_json(ticket, reader))
    told = {name: detail[name] for name in (*TOLD, "snoozed_until") if name in detail}
    score = detail["rating"] and detail["rating"]["score"]
    shown = {message["id"]: message for message in plain(messages)}
    return Screen(detail["last_seq"], [], shown, told | {"score": score})


def plain(value: Any) -> Any:
    """Times as the wire has them."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def catch_up(screen: Screen, ticket_id: str, reader: User, portion: int) -> None:
    while True:
        _ticket, events = services.stream_after(ticket_id, reader, screen.seq, portion)
        for event in events:
            assert reader.is_staff or not event.is_internal
            told = plain(event_json(event, staff=reader.is_staff))
            assert told["prev_seq"] == screen.seq
            assert screen.offer(told)
        if len(events) < portion:
            return


def shown(screen: Screen) -> tuple[Any, ...]:
    facts = {name: screen.facts.get(name) for name in (*TOLD, "snoozed_until")}
    score = screen.facts["rating"]["score"] if "rating" in screen.facts else screen.facts.get("score")
    there = {key: data for key, data in screen.messages.items() if not data["deleted"]}
    return screen.seq, there, facts, score


class Tickets(RuleBasedStateMachine):
    cast: ClassVar[dict[str, User]]

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.turn = 0
        self.clients: list[tuple[str, User, Screen]] = []

    def teardown(self) -> None:
        try:
            for client in self.clients:
                self.holds(*client, 200)
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    @initialize()
    def open(self) -> None:
        owner, *staff = (self.cast[name] for name in ("alice", "moira", "ada"))
        self.world = World(owner, tuple(staff), [])
        ACTIONS["open_another"].act(self.world, owner, 0)
        self.look(0)
        self.look(1)

    @rule(name=st.sampled_from(sorted(ACTIONS)), who=st.integers(0, 2), chance=st.integers(0, 10_000))
    def act(self, name: str, who: int, chance: int) -> None:
        before = Ticket.objects.get(public_id=self.world.id)
        try:
            with transaction.atomic():
                ACTIONS[name].act(self.world, list(self.cast.values())[who], chance)
        except Refused:
            return
        added = TicketEvent.objects.filter(ticket=before, seq__gt=before.last_seq)
        assert set(added.values_list("type", flat=True)) <= ACTIONS[name].leads_to

    @rule(who=st.integers(0, 2))
    def look(self, who: int) -> None:
        """Somebody opens the ticket, and keeps what they see from now on without hearing more."""
        reader = list(self.cast.values())[who]
        if self.world.ticket.is_visible_to(reader):
            self.clients.append((self.world.id, reader, read_anew(self.world.id, reader)))

    @rule(which=st.integers(0, 100), portion=st.integers(1, 5))
    def return_to(self, which: int, portion: int) -> None:
        """One of them catches up, in portions, and goes away again."""
        self.holds(*self.clients[which % len(self.clients)], portion)

    @invariant()
    def what_was_known_and_the_events_are_what_is(self) -> None:
        """For one of them after each step, in turn; for all in the end."""
        self.turn += 1
        ticket_id, reader, screen = self.clients[self.turn % len(self.clients)]
        self.holds(ticket_id, reader, copy.deepcopy(screen), 200)

    def holds(self, ticket_id: str, reader: User, screen: Screen, portion: int) -> None:
        try:
            catch_up(screen, ticket_id, reader, portion)
        except TicketGone:
            assert Ticket.objects.get(public_id=ticket_id).deleted_at is not None
            return
        assert shown(screen) == shown(read_anew(ticket_id, reader))

    @invariant()
    def the_row_says_what_its_stream_says(self) -> None:
        ticket = self.world.ticket
        steps = list(ticket.events.order_by("seq").values_list("seq", "is_internal", "previous_public_seq"))
        assert [seq for seq, *_ in steps] == list(range(1, ticket.last_seq + 1))
        public = 0
        for seq, internal, previous in steps:
            assert previous == public
            public = public if internal else seq
        assert ticket.last_public_seq == public
        there = ticket.messages.filter(deleted_at=None)
        said, notes = there.filter(is_note=False).order_by("seq"), there.filter(is_note=True)
        assert (ticket.message_count, ticket.note_count) == (said.count(), notes.count())
        assert ticket.last_message == said.last()

    @invariant()
    def nobody_has_read_what_is_not_counted(self) -> None:
        marks = list(ReadMark.objects.filter(ticket__public_id=self.world.id).select_related("user"))
        mark = marks[self.turn % len(marks)]
        if self.world.ticket.is_visible_to(mark.user):
            ticket = read_ticket(self.world.id, mark.user)
            unread = services.messages_of(ticket, mark.user, after_seq=mark.seq, limit=1000)
            assert summary_json(ticket, mark.user)["unread_count"] == len(unread)


def test_a_stale_state_and_the_events_since_are_the_fresh_state(alice, moira, ada):
    Tickets.cast = {"alice": alice, "moira": moira, "ada": ada}
    run_state_machine_as_test(
        Tickets,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_there_is_an_action_for_every_step_a_stream_may_have():
    led_to = set[str]().union(*(action.leads_to for action in ACTIONS.values()))
    assert led_to == set(TicketEvent.Type.values)
