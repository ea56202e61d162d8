"""On SQLite the threads of a process take turns at writing instead of trying again and again."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from hazesite.sqlite3 import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="about SQLite"),
]


def turn() -> threading.Lock:
    return base._turns[str(connection.settings_dict["NAME"])]


def in_a_thread(work):
    """What it raised, or None. A daemon: a turn that is never given fails a test and hangs nothing."""
    raised = []

    def run() -> None:
        try:
            work()
            raised.append(None)
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def test_the_next_writer_goes_on_when_the_one_before_has_committed():
    begun, order = threading.Event(), []

    def second() -> None:
        begun.set()
        with transaction.atomic():
            order.append("second")

    with transaction.atomic():
        thread, raised = in_a_thread(second)
        assert begun.wait(5)
        thread.join(0.2)
        order.append("first")
        assert turn().locked()
    thread.join(5)
    assert (order, raised) == (["first", "second"], [None])
    assert not turn().locked()


@pytest.mark.parametrize("end", ["error", "inner error", "closed"])
def test_however_a_transaction_ends_its_turn_ends_too(end):
    class Wrong(Exception):
        pass

    if end == "error":
        with pytest.raises(Wrong), transaction.atomic():
            raise Wrong
    elif end == "inner error":
        with transaction.atomic():
            with pytest.raises(Wrong), transaction.atomic():
                raise Wrong
            assert turn().locked()
    else:
        connection.ensure_connection()
        connection._start_transaction_under_autocommit()
        assert turn().locked()
        connection.close()
    assert not turn().locked()


def test_a_turn_that_never_comes_is_the_error_that_sqlite_would_give():
    def impatient() -> None:
        connection.settings_dict["OPTIONS"] = {**connection.settings_dict["OPTIONS"], "timeout": 0.1}
        with transaction.atomic():
            pass

    with transaction.atomic():
        thread, raised = in_a_thread(impatient)
        thread.join(5)
    assert isinstance(raised[0], OperationalError)
    assert not turn().locked()


def test_where_the_file_itself_is_locked_the_turn_is_given_back():
    path = str(connection.settings_dict["NAME"])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 50")
    try:
        with pytest.raises(OperationalError), transaction.atomic():
            pass
        assert not turn().locked()
    finally:
        other.close()
        connection.close()
