"""A rank-up rings the phones of the one who rose, once, if they want to hear of it."""

from __future__ import annotations

import pytest
from django.db import transaction

from community.rocketleague.events import RankedUp
from community.rocketleague.models import RankUp
from hazesite.events import publish
from notifications import services
from notifications.jobs import tell_rank_up
from tests.notifications.worker import TASKS, wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def its_job(monkeypatch):
    monkeypatch.setitem(TASKS, tell_rank_up.module_path, tell_rank_up)


@transaction.atomic
def rise(user):
    row = RankUp.objects.create(user=user, playlist="2v2", season=36, from_tier=7, to_tier=8)
    publish(RankedUp(row.pk, user.pk, "2v2", "Gold I", "Gold II"))
    return row


def test_the_phone_of_who_rose_rings_once(phones, alice, mallory):
    hers, another = phones.give(alice), phones.give(mallory)
    row = rise(alice)
    with phones.drained():
        wait(lambda: phones.data(hers))
    tell_rank_up.call(row.pk)  # once more, after a crash
    with phones.drained():
        pass
    [told] = phones.data(hers)
    assert (told["title"], told["body"]) == ("Rank-up in 2v2", "From Gold I to Gold II.")
    assert phones.data(another) == []


def test_who_does_not_want_to_hear_of_it_does_not(phones, alice):
    phone = phones.give(alice)
    services.change_preferences(alice, {"rank_ups": False})
    rise(alice)
    with phones.drained():
        pass
    assert phones.data(phone) == []
    assert services.notifications_of(alice).get().kind == "rank_up"


def test_of_somebody_who_is_blocked_nobody_is_told(phones, alice):
    alice.is_active = False
    alice.save()
    assert tell_rank_up.call(rise(alice).pk) == 0
