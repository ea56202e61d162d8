from __future__ import annotations

import itertools
import threading
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import monitoring_tokens, services, tokens
from accounts.models import Session
from accounts.services import Device


@pytest.fixture
def session(alice) -> Session:
    return services.start_session(alice, Device("127.0.0.1"))


def refresh(token: str):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.post("/api/auth/refresh")


def works(token: str) -> bool:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.get("/api/ping").status_code == 200


def make_older(session: Session, age: timedelta) -> str:
    """The session's current token was issued this long ago."""
    session.refresh_from_db()
    session.generation_at = timezone.now() - age
    session.save()
    return tokens.issue(session)


def test_refreshing_gives_a_new_token_that_works(session):
    old = tokens.issue(session)
    answer = refresh(old)

    assert answer.status_code == 200
    assert answer.json()["token"] != old
    assert works(answer.json()["token"])


def test_the_answer_got_lost_so_the_old_token_gets_the_same_new_one(session):
    old = tokens.issue(session)
    first = refresh(old).json()["token"]

    assert refresh(old).json()["token"] == first
    assert works(old)


def test_after_a_minute_the_old_token_is_dead_and_ends_the_session_when_presented(session):
    old = tokens.issue(session)
    refresh(old)
    current = make_older(session, timedelta(seconds=61))

    assert not works(old)
    assert works(current)
    answer = refresh(old)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_reused")
    assert not works(current)


def test_a_token_two_generations_old_ends_the_session(session):
    oldest = tokens.issue(session)
    second = refresh(oldest).json()["token"]
    third = refresh(second).json()["token"]

    assert not works(oldest)
    assert refresh(oldest).status_code == 401
    assert not works(third)


def test_a_token_that_expired_six_days_ago_can_be_refreshed(session):
    old = make_older(session, timedelta(days=13))

    assert not works(old)
    assert works(refresh(old).json()["token"])


def test_a_token_that_expired_eight_days_ago_cannot(session):
    old = make_older(session, timedelta(days=15))
    assert refresh(old).status_code == 401


def test_an_ended_session_cannot_be_refreshed(session):
    token = tokens.issue(session)
    services.end_session(session)
    assert refresh(token).status_code == 401


def test_a_monitoring_token_cannot_be_refreshed(db):
    session = monitoring_tokens.issue("a-secret-of-the-tests", None, Device())
    assert refresh(tokens.issue(session)).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_401(db, token):
    assert refresh(token).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_get_one_and_the_same_new_token(alice, monkeypatch):
    # Each rotation takes its time and a second of its own: two of them would give two tokens.
    seconds = itertools.count(1)

    def slowly() -> datetime:
        time.sleep(0.05)
        return timezone.now() + timedelta(seconds=next(seconds))

    monkeypatch.setattr(services, "timezone", SimpleNamespace(now=slowly))
    old = tokens.issue(services.start_session(alice, Device()))
    answers, barrier = [], threading.Barrier(8)

    def race() -> None:
        barrier.wait()
        answers.append(refresh(old).json().get("token"))
        connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 1 and None not in answers
    assert Session.objects.get(user=alice).generation == 2
