"""On PostgreSQL what is asked again and again is planned once, and a dead connection is noticed unasked."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError, connection
from django.db.backends.postgresql import base
from django.db.models import CharField

from accounts.models import User
from hazesite.prepared import Prepared, Slot

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about PostgreSQL"),
]
BY_NAME = Prepared(lambda: User.objects.filter(username=Slot("name", CharField())).order_by())


def planned() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", ["%username%"])
        return cursor.fetchone()[0]


def hung_up() -> None:
    """The server ends this connection, as when it is started anew."""
    pid = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_only_what_is_written_once_is_prepared(alice):
    connection.close()
    for _ in range(10):
        assert BY_NAME.first(name="alice") == alice
        assert User.objects.get(username="alice") == alice
    assert planned() == 1


def test_a_connection_that_lives_is_not_asked(monkeypatch):
    connection.ensure_connection()
    asked = []
    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", asked.append)
    assert connection.is_usable()
    assert not asked


def test_a_connection_the_server_ended_is_not_usable():
    connection.ensure_connection()
    hung_up()
    assert not connection.is_usable()
    connection.close()


def test_the_next_request_goes_on_with_a_new_connection(alice):
    connection.ensure_connection()
    hung_up()
    connection.health_check_enabled, connection.health_check_done = True, False
    assert BY_NAME.first(name="alice") == alice


def test_in_the_middle_of_a_request_it_is_the_error_that_django_gives(alice):
    connection.ensure_connection()
    hung_up()
    connection.health_check_done = True
    with pytest.raises(OperationalError):
        BY_NAME.first(name="alice")
    connection.close()
