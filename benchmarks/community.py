"""A made-up community of any size for the benchmarks: tickets, messages and events as they come about.

Written straight into the tables, because two million messages through the services would take an hour.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from accounts.models import User
from accounts.roles import Role
from tickets.models import Message, ReadMark, Ticket, TicketEvent, TicketTag
from tickets.search import index

MESSAGES_PER_TICKET = 20
OTHER_STEPS = 5  # claimed, tagged, closed and the like, for each ticket
LONGEST = 2000  # messages of the one ticket that never ends
YEARS_START = datetime(2024, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=700)
LIFE = timedelta(days=3)
# Words planted, and how often: of all messages, or of all tickets once.
EVERY_OTHER, ONE_IN_FIVE = "server", "update"  # messages
ONE_IN_TWENTY, ONE_IN_A_HUNDRED = "printer", "quartz"  # tickets
RARE, IN_NOTES, NEVER = "zebra", "blacklisted", "unobtainium"
SYLLABLES = [first + second for first in "bdfgklmnprstvw" for second in ("a", "e", "i", "o", "u", "ei", "au")]


@dataclass
class Plan:
    """One ticket as it will be."""

    number: int
    owner: int
    opened: datetime
    said: int
    status: str
    times: list[datetime] = field(default_factory=list)


def vocabulary(size: int = 30_000) -> tuple[list[str], list[float]]:
    """Words and how often each is used, as in any language: the n-th 1/n times as often as the first."""
    shapes = itertools.chain(itertools.product(SYLLABLES, repeat=2), itertools.product(SYLLABLES, repeat=3))
    words = ["".join(shape) for shape in itertools.islice(shapes, size)]
    random.Random(7).shuffle(words)
    return words, list(itertools.accumulate(1 / (place + 3) for place in range(size)))


class Community:
    def __init__(self, tickets: int, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.tickets = tickets
        self.words, self.weights = vocabulary()

    def build(self, say: Callable[[str], None] = print) -> None:
        """Fill the tables of a migrated, empty database."""
        started = time.perf_counter()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        index.drop(connection)
        with transaction.atomic():
            self.people()
            plans = list(self.plans())
            self.write_tickets(plans)
            said = self.write_conversations(plans)
        say(f"  {len(plans):,} tickets, {said:,} messages in {time.perf_counter() - started:.0f} s")
        started = time.perf_counter()
        with transaction.atomic():
            index.build(connection)
        say(f"  search index over them in {time.perf_counter() - started:.0f} s")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
            if connection.vendor == "postgresql":
                cursor.execute("RESET statement_timeout")

    # --- rows ----------------------------------------------------------------
    def people(self) -> None:
        self.staff = [User(username=f"staff{n}", granted_role=Role.MODERATOR) for n in range(10)]
        self.owners = [User(username=f"member{n}") for n in range(max(10, self.tickets // 20))]
        self.staff = User.objects.bulk_create(self.staff)
        self.owners = User.objects.bulk_create(self.owners, batch_size=500)

    def plans(self) -> Iterator[Plan]:
        step = SPAN / self.tickets
        for number in range(1, self.tickets + 1):
            # The first member has as many tickets at every size: forty.
            mine = number % max(1, self.tickets // 40) == 1
            owner = self.owners[0] if mine else self.random.choice(self.owners[1:])
            said = min(400, max(2, round(self.random.lognormvariate(2.5, 0.98))))
            late = number > self.tickets * 0.9
            status = self.random.choice(["open", "claimed", "closed"] if late else ["closed"] * 24 + ["open"])
            if number == self.tickets:
                said, status = LONGEST, "claimed"
            plan = Plan(number, owner.pk, YEARS_START + step * number, said, status)
            rate = LIFE.total_seconds() / said
            gaps = (self.random.expovariate(1) * rate for _ in range(said))
            plan.times = [plan.opened + timedelta(seconds=at) for at in itertools.accumulate(gaps)]
            if self.random.random() < 0.02:  # somebody comes back to it
                back = (YEARS_START + SPAN - plan.times[-1]) * self.random.random()
                plan.times[-1] = max(plan.times[-1], plan.times[-1] + back)
            yield plan

    def write_tickets(self, plans: list[Plan]) -> None:
        staff = [person.pk for person in self.staff]
        with Rows(Ticket) as rows:
            for plan in plans:
                steps = plan.said + OTHER_STEPS
                closed = plan.times[-1] if plan.status == "closed" else None
                rows.add(
                    id=plan.number, public_id=f"t{plan.number:019}", owner_id=plan.owner,
                    subject=self.sentence(4), status=plan.status, type="support",
                    priority=self.random.choice(["low", "normal", "normal", "normal", "high", "urgent"]),
                    claimed_by_id=self.random.choice(staff) if plan.status == "claimed" else None,
                    assigned_to_id=self.random.choice([*staff, None]), created_at=plan.opened,
                    active_at=plan.times[-1], closed_at=closed, quiet_since=plan.times[-1],
                    last_seq=steps, last_public_seq=steps, message_count=plan.said, note_count=0,
                )  # fmt: skip
        with Rows(TicketTag) as rows:
            for plan in plans:
                for name in self.random.sample(["login", "payment", "bug", "vip", "later"], plan.number % 3):
                    rows.add(ticket_id=plan.number, name=name)

    def write_conversations(self, plans: list[Plan]) -> int:
        """In the order of time, as they would have been written: those of one ticket lie far apart."""
        said = sorted((at, plan.number, place) for plan in plans for place, at in enumerate(plan.times))
        by_number = {plan.number: plan for plan in plans}
        planted = self.planted(plans)
        with Rows(Message) as messages, Rows(TicketEvent) as events:
            for key, (at, number, place) in enumerate(said, start=1):
                plan = by_number[number]
                is_note = place > 1 and self.random.random() < 0.05
                answer = place % 2 == 1 or is_note
                author = self.staff[number % 10].pk if answer else plan.owner
                content = self.content(is_note, planted.get((number, place), ""))
                messages.add(
                    id=key, ticket_id=number, seq=place + 2, author_id=author, content=content,
                    is_note=is_note, by_staff=answer, created_at=at,
                )  # fmt: skip
                events.add(
                    ticket_id=number, seq=place + 2, previous_public_seq=place + 1, is_internal=is_note,
                    type="new_message", actor_id=author, message_id=key, at=at,
                )  # fmt: skip
                if place == plan.said - 1:
                    self.finish(events, plan, at)
        self.settle()
        return len(said)

    def finish(self, events: Rows, plan: Plan, at: datetime) -> None:
        events.add(ticket_id=plan.number, seq=1, previous_public_seq=0, type="ticket_created",
                   actor_id=plan.owner, at=plan.opened)  # fmt: skip
        for extra in range(OTHER_STEPS - 1):
            seq = plan.said + 2 + extra
            events.add(ticket_id=plan.number, seq=seq, previous_public_seq=seq - 1, type="ticket_updated",
                       actor_id=self.staff[0].pk, facts='{"priority": "high"}', at=at)  # fmt: skip

    def settle(self) -> None:
        """What the services keep up to date with each message."""
        newest = Message.objects.filter(ticket=models.OuterRef("pk"), is_note=False).order_by("-seq")
        Ticket.objects.update(last_message=models.Subquery(newest.values("pk")[:1]))
        ReadMark.objects.bulk_create(
            [ReadMark(ticket_id=number, user=self.staff[0], seq=3, message_count=2)
             for number in range(max(1, self.tickets - 500), self.tickets + 1)]
        )  # fmt: skip
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                for table in (Ticket, Message):
                    name = table._meta.db_table
                    sequence = f"pg_get_serial_sequence('{name}', 'id')"
                    cursor.execute(f"SELECT setval({sequence}, (SELECT max(id) FROM {name}))")

    # --- words ---------------------------------------------------------------
    def planted(self, plans: list[Plan]) -> dict[tuple[int, int], str]:
        places: dict[tuple[int, int], str] = {}
        for word, wanted in (
            (ONE_IN_TWENTY, len(plans) // 20),
            (ONE_IN_A_HUNDRED, len(plans) // 100),
            (RARE, 3),
        ):
            for plan in self.random.sample(plans, wanted):
                place = (plan.number, self.random.randrange(min(2, plan.said)))
                places[place] = f"{places.get(place, '')} {word}"
        return places

    def sentence(self, words: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=words))

    def content(self, is_note: bool, planted: str) -> str:
        chance = self.random.random()
        often = EVERY_OTHER if chance < 0.5 else ONE_IN_FIVE if chance < 0.7 else ""
        return f"{self.sentence(8)} {often} {self.sentence(8)}{planted}{f' {IN_NOTES}' if is_note else ''}"


class Rows:
    """Rows of one model, written in bulk as the database likes it; what is not given has its default."""

    def __init__(self, model: type[models.Model]) -> None:
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self.given_key = model in (Ticket, Message)
        if self.given_key:
            fields.insert(0, model._meta.pk)
        self.table = model._meta.db_table
        self.columns = [field.column for field in fields]
        self.defaults = {field.column: self._default(field) for field in fields}
        self.waiting: list[list[Any]] = []

    @staticmethod
    def _default(field: models.Field[Any, Any]) -> Any:
        value = field.get_default() if field.has_default() else "" if field.empty_strings_allowed else None
        if isinstance(field, models.JSONField):
            return "[]" if value == [] else "{}"
        return None if field.null else value

    def __enter__(self) -> Rows:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, **given: Any) -> None:
        row = self.defaults | given
        self.waiting.append([row[column] for column in self.columns])
        if len(self.waiting) >= 20_000:
            self.flush()

    def flush(self) -> None:
        names = ", ".join(f'"{column}"' for column in self.columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.cursor.copy(f"COPY {self.table} ({names}) FROM STDIN") as copy:
                    for row in self.waiting:
                        copy.write_row(row)
            else:
                slots = ", ".join("?" for _ in self.columns)
                rows = [[_sqlite(value) for value in row] for row in self.waiting]
                cursor.connection.executemany(f"INSERT INTO {self.table} ({names}) VALUES ({slots})", rows)
        self.waiting.clear()


def _sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return value
