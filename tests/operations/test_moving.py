"""`manage.py move_to_postgres`, with the demo's data."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.backends import private_postgres
from tests.operations.house import House

pytestmark = [pytest.mark.postgres, pytest.mark.server]
NEXT = """
from accounts.models import User
from tickets import services
from tickets.models import Ticket, Message
owner = User.objects.get(username="tariq")
before = set(Ticket.objects.values_list("pk", flat=True))
ticket = services.open_ticket(owner, "Opened afterwards", "It still counts on.")
assert ticket.pk > max(before), (ticket.pk, before)
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM tickets_search")
    rows = cursor.fetchone()[0]
print(rows == Ticket.objects.count() + Message.objects.filter(deleted_at=None).count())
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with private_postgres() as server:
        yield server.address


@pytest.fixture
def address(postgres: str, request: pytest.FixtureRequest) -> str:
    name = f"moved_{abs(hash(request.node.name))}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{postgres.rpartition('/')[0]}/{name}"


@pytest.fixture
def old(tmp_path: Path) -> House:
    house = House(tmp_path / "old", DATABASE_URL="", REDIS_URL="")
    house.manage("prepare", "--demo")
    return house


def tables(address: str) -> int:
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT count(*) FROM accounts_user").fetchone()[0]


def test_everything_is_there_and_goes_on(old, address):
    said = old.manage("move_to_postgres", address)
    assert "tickets_message:" in said and "the same there" in said
    there = House(old.data, DATABASE_URL=address, REDIS_URL="")
    contents = there.contents()
    assert contents == old.contents() and len(contents["messages"]) > 10
    assert there.manage("shell", "-v0", "-c", NEXT).strip() == "True"
    assert "[ ]" not in there.manage("showmigrations")
    again = old.refuses("move_to_postgres", address)
    assert "not empty" in again


def test_what_does_not_fit_moves_nothing_and_may_be_tried_again(old, address):
    file = old.data / "hazebot.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        content = database.execute("SELECT content FROM tickets_message WHERE id = 1").fetchone()[0]
        database.execute("UPDATE tickets_message SET content = ? WHERE id = 1", (f"{content}\0",))
        database.commit()
    assert "tickets_message: " in old.refuses("move_to_postgres", address)
    assert tables(address) == 0
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE tickets_message SET content = ? WHERE id = 1", (content,))
        database.commit()
    old.manage("move_to_postgres", address)
    assert tables(address) > 0


def test_it_wants_a_postgres_and_a_sqlite(old, address, tmp_path):
    assert "must be a PostgreSQL" in old.refuses("move_to_postgres", f"sqlite:///{tmp_path}/x")
    assert "not reachable" in old.refuses("move_to_postgres", "postgres://hazebot@127.0.0.1:9/nowhere")
    there = House(old.data, DATABASE_URL=address, REDIS_URL="")
    assert "names something else" in there.refuses("move_to_postgres", address)


def test_json_reads_the_same_in_both(old, address):
    """`jsonb` sorts keys, and text keys are sorted by the language over there."""
    with closing(sqlite3.connect(old.data / "hazebot.sqlite3")) as database:
        data = json.dumps({"z": 1, "a": {"y": 1.5, "ä": None}})
        database.execute(
            "INSERT INTO botconfig_botpresence (name, holder, until, facts) VALUES (?, '', ?, ?)",
            ("Ünter", "2026-01-01 00:00:00", data),
        )
        database.execute(
            "INSERT INTO botconfig_botpresence (name, holder, until, facts) VALUES (?, '', ?, ?)",
            ("unten", "2026-01-01 00:00:00.123456", data),
        )
        database.commit()
    assert "botconfig_botpresence: 2 rows" in old.manage("move_to_postgres", address)
