"""Of two at once, one wins: there is always an admin left."""

from __future__ import annotations

import pytest

from accounts import access, erasing
from accounts.models import User
from accounts.roles import Role
from tests.tickets.test_races import at_once, codes

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def grace(db) -> User:
    return User.objects.create_user("grace", "compile-all-of-it-5", granted_role=Role.ADMIN)


@pytest.mark.parametrize("_round", range(5))
def test_two_admins_demote_each_other_and_one_remains(ada, grace, _round):
    results = at_once(
        lambda: access.set_role(grace.user_id, ada, "lootling"),
        lambda: access.set_role(ada.user_id, grace, "lootling"),
    )
    assert codes(results) == ["not_allowed"]
    assert User.objects.admins().count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_two_admins_step_down_and_one_remains(ada, grace, _round):
    results = at_once(
        lambda: access.set_role(grace.user_id, grace, "lootling"),
        lambda: access.set_role(ada.user_id, ada, "lootling"),
    )
    assert codes(results) == ["last_admin"]
    assert User.objects.admins().count() == 1


def test_two_admins_block_and_erase_each_other_and_one_remains(ada, grace):
    results = at_once(
        lambda: access.block_person(grace.user_id, ada),
        lambda: erasing.begin_erasing(ada, grace),
    )
    assert len(codes(results)) == 1
    assert User.objects.admins().filter(is_active=True).count() == 1
